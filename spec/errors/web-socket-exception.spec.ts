import { describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import request from 'supertest'
import { WebSocketErrorCode } from '../../lib/errors/web-socket-error-code.ts'
import { WebSocketException } from '../../lib/errors/web-socket-exception.ts'

describe('WebSocketException', () => {
  it('is an error with a code, and the code of .NET that belongs to it', () => {
    const cause = new Error('ECONNRESET')
    const error = new WebSocketException('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The connection failed', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('WebSocketException: The connection failed')
    expect(error).toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', cause, argument: undefined, status: undefined })
    expect(error.webSocketErrorCode).toBe(WebSocketErrorCode.ConnectionClosedPrematurely)
  })

  it('is named as Node names cancellations', () => {
    expect(new WebSocketException('ABORT_ERR', 'The operation was cancelled').name).toBe('AbortError')
  })

  it('makes Express answer what is no WebSocket request with 400', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(useWebSockets())
    app.get('/', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    await request(app)
      .get('/')
      .expect(400, /Not a WebSocket request/)
  })
})
