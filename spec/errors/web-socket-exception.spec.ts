import { describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import request from 'supertest'
import { WebSocketErrorCode } from '../../lib/errors/web-socket-error-code.ts'
import { WebSocketException } from '../../lib/errors/web-socket-exception.ts'

describe('WebSocketException', () => {
  it('is an error with a code and the matching code of .NET', () => {
    const cause = new Error('ECONNRESET')
    const error = new WebSocketException('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The connection failed', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('WebSocketException: The connection failed')
    expect(error).toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', cause, argument: undefined, status: undefined })
    expect(error.webSocketErrorCode).toBe(WebSocketErrorCode.ConnectionClosedPrematurely)
  })

  it('has the name and code that Node uses for cancellations', () => {
    expect(new WebSocketException('ABORT_ERR', 'The operation was cancelled').name).toBe('AbortError')
  })

  it('makes Express answer 400 to a request that is not a WebSocket request', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(useWebSockets())
    app.get('/', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    await request(app)
      .get('/')
      .expect(400, /Not a WebSocket request/)
  })
})
