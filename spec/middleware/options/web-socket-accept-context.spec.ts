import { describe, expect, it } from '@jest/globals'
import { webSocketHandler } from 'express-use-websockets'
import { resolveAcceptContext } from '../../../lib/middleware/options/web-socket-accept-context.ts'
import { resolveWebSocketOptions } from '../../../lib/middleware/options/web-socket-options.ts'

const OPTIONS = resolveWebSocketOptions({
  keepAliveInterval: 1000,
  keepAliveTimeout: 2000,
  closeAnswerTimeout: 2000,
  closeTimeout: 3000,
  maxBufferedAmount: 5000,
  maxMessageSize: 4000,
})
const DEFAULTS = {
  isServer: true,
  subProtocol: null,
  keepAliveInterval: 1000,
  keepAliveTimeout: 2000,
  closeAnswerTimeout: 2000,
  closeTimeout: 3000,
  maxBufferedAmount: 5000,
  maxMessageSize: 4000,
  compression: undefined,
  signal: undefined,
}

describe('resolveAcceptContext', () => {
  it.each([
    [undefined],
    [null],
    [{}],
    [{ subProtocol: undefined, keepAliveInterval: undefined }],
    [{ dangerousEnableCompression: false, serverMaxWindowBits: 9 }],
  ])('uses the options of the middleware for %p', (argument) => {
    expect(resolveAcceptContext(argument, OPTIONS)).toEqual(DEFAULTS)
  })

  it('uses a string as the sub-protocol', () => {
    expect(resolveAcceptContext('chat', OPTIONS)).toEqual({ ...DEFAULTS, subProtocol: 'chat' })
  })

  it('uses the options of the context', () => {
    const { signal } = new AbortController()
    const limits = { maxBufferedAmount: 2, maxMessageSize: 1 }
    const context = {
      subProtocol: 'chat',
      keepAliveInterval: 0,
      keepAliveTimeout: Infinity,
      closeAnswerTimeout: 2,
      closeTimeout: 1,
      ...limits,
      signal,
    }
    expect(resolveAcceptContext(context, OPTIONS)).toEqual({ ...context, isServer: true, compression: undefined })
  })

  it('enables compression on request, with its parameters', () => {
    expect(resolveAcceptContext({ dangerousEnableCompression: true }, OPTIONS).compression).toEqual({
      serverContextTakeover: true,
      serverMaxWindowBits: 15,
      threshold: 0,
      level: -1,
    })
    const context = {
      dangerousEnableCompression: true,
      disableServerContextTakeover: true,
      serverMaxWindowBits: 9,
      compressionThreshold: 1024,
      compressionLevel: 9,
    }
    expect(resolveAcceptContext(context, OPTIONS).compression).toEqual({
      serverContextTakeover: false,
      serverMaxWindowBits: 9,
      threshold: 1024,
      level: 9,
    })
  })

  it.each<[unknown, string, string]>([
    [{ serverMaxWindowBits: 8 }, 'serverMaxWindowBits', 'must be an integer from 9 to 15. Received 8'],
    [{ serverMaxWindowBits: 16 }, 'serverMaxWindowBits', 'must be an integer from 9 to 15. Received 16'],
    [{ compressionLevel: 10 }, 'compressionLevel', 'must be an integer from -1 to 9. Received 10'],
    [{ compressionThreshold: -1 }, 'compressionThreshold', 'must be a number of bytes, 0 or more, or Infinity. Received -1'],
    [{ dangerousEnableCompression: 1 }, 'dangerousEnableCompression', 'must be true or false. Received 1'],
    [{ disableServerContextTakeover: 'no' }, 'disableServerContextTakeover', "must be true or false. Received 'no'"],
    [
      { keepAliveInterval: -5 },
      'keepAliveInterval',
      'must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no pings). Received -5',
    ],
    [
      { keepAliveTimeout: -5 },
      'keepAliveTimeout',
      'must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no limit). Received -5',
    ],
    [{ signal: new AbortController() }, 'signal', 'must be an AbortSignal. Received AbortController { signal: [AbortSignal] }'],
  ])('refuses %p', (context, argument, remedy) => {
    expect(() => resolveAcceptContext(context, OPTIONS)).toThrow(
      expect.objectContaining({
        code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
        argument,
        message: `acceptWebSocketAsync: the option '${argument}' ${remedy}`,
      }),
    )
  })

  it('throws an error for an unknown option and for an invalid sub-protocol', () => {
    expect(() => resolveAcceptContext({ subprotocol: 'chat' }, OPTIONS)).toThrow(
      "acceptWebSocketAsync: there is no option 'subprotocol'. Did you mean 'subProtocol'?",
    )
    expect(() => resolveAcceptContext({ allowedOrigins: [] }, OPTIONS)).toThrow(
      "acceptWebSocketAsync: there is no option 'allowedOrigins'. It is an option of useWebSockets()",
    )
    expect(() => webSocketHandler(() => undefined, { maxMesageSize: 1 } as object)).toThrow(
      "webSocketHandler: there is no option 'maxMesageSize'. Did you mean 'maxMessageSize'?",
    )
    expect(() => resolveAcceptContext({ subProtocol: '' }, OPTIONS)).toThrow("The argument 'subProtocol' must not be empty")
    expect(() => resolveAcceptContext(42, OPTIONS)).toThrow("The argument 'subProtocol' must be a string, null or undefined. Received 42")
    expect(() => resolveAcceptContext(['chat'], OPTIONS)).toThrow("acceptWebSocketAsync: there is no option '0'")
  })
})
