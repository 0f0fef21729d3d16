import { describe, expect, it } from '@jest/globals'
import { isConnectionError } from '../../lib/errors/is-connection-error.ts'
import { WebSocketException } from '../../lib/errors/web-socket-exception.ts'
import type { WebSocketExceptionCode } from '../../lib/errors/web-socket-exception.ts'

/** Every code, and whether the peer or the network is its cause. A new code must be added here, or the types do not compile. */
const codes: Record<WebSocketExceptionCode, boolean> = {
  ABORT_ERR: false,
  ERR_WEBSOCKET_ALREADY_ACCEPTED: false,
  ERR_WEBSOCKET_BACKPLANE_MESSAGE: false,
  ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE: false,
  ERR_WEBSOCKET_CLIENT_GONE: false,
  ERR_WEBSOCKET_CLOSED_PREMATURELY: true,
  ERR_WEBSOCKET_INVALID_ARGUMENT: false,
  ERR_WEBSOCKET_INVALID_MESSAGE: false,
  ERR_WEBSOCKET_INVALID_OPTION: false,
  ERR_WEBSOCKET_INVALID_PAYLOAD: true,
  ERR_WEBSOCKET_INVALID_STATE: false,
  ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT: true,
  ERR_WEBSOCKET_MESSAGE_TOO_BIG: true,
  ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST: false,
  ERR_WEBSOCKET_NOT_SUPPORTED: false,
  ERR_WEBSOCKET_PROTOCOL_ERROR: true,
  ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED: true,
  ERR_WEBSOCKET_RESPONSE_STARTED: false,
  ERR_WEBSOCKET_SERVER_CLOSING: false,
  ERR_WEBSOCKET_TOO_SLOW: true,
}

describe('isConnectionError', () => {
  it.each(Object.entries(codes) as [WebSocketExceptionCode, boolean][])('returns for %s: %s', (code, expected) => {
    expect(isConnectionError(new WebSocketException(code, 'message'))).toBe(expected)
    expect(isConnectionError(new WebSocketException('ABORT_ERR', 'message', { cause: new WebSocketException(code, 'cause') }))).toBe(
      expected,
    )
  })

  it.each([undefined, null, new Error('other'), Object.assign(new Error('reset'), { code: 'ECONNRESET' })])(
    'returns for %p: false',
    (error) => {
      expect(isConnectionError(error)).toBe(false)
    },
  )
})
