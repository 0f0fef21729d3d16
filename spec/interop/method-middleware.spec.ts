import { afterEach, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:http2'
import cookieParser from 'cookie-parser'
import { doubleCsrf } from 'csrf-csrf'
import csurf from 'csurf'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import * as OpenApiValidator from 'express-openapi-validator'
import { attachWebSockets, useWebSockets, webSocketHandler } from 'express-use-websockets'
import { createSecureServer } from 'express-use-websockets/http2'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp2Peers, connectHttp2, listen, startHttp2Server } from '../support/http2-peers.ts'
import { openHttp2WebSocket } from '../support/http2-web-sockets.ts'

afterEach(closeHttp2Peers)

/** Middleware that depends on the method, and its response to a CONNECT. */
const deciding: readonly (readonly [name: string, create: () => RequestHandler[], refusal: number])[] = [
  ['csurf', () => [cookieParser(), csurf({ cookie: true })], 403],
  [
    'csrf-csrf',
    () => [
      cookieParser(),
      doubleCsrf({ getSecret: () => 'secret', getSessionIdentifier: () => 'one' }).doubleCsrfProtection as RequestHandler,
    ],
    403,
  ],
  [
    'express-openapi-validator',
    () =>
      OpenApiValidator.middleware({
        apiSpec: {
          openapi: '3.0.0',
          info: { title: 'echo', version: '1' },
          paths: { '/ws': { get: { responses: { 101: { description: 'a WebSocket' } } } } },
        },
        validateRequests: true,
      }) as RequestHandler[],
    405,
  ],
  ['a route of app.get()', () => [], 404],
]

describe.each(expressVersions)('middleware that depends on the method, over HTTP/2, on %s', (_version, express) => {
  function createApp(create: () => RequestHandler[]): ReturnType<typeof express> {
    const app = express()
    app.use(useWebSockets(), ...create())
    app.get(
      '/ws',
      webSocketHandler(async (webSocket, request) => webSocket.sendAsync(request.method ?? '')),
    )
    app.use((error: { status?: number }, _req: Request, res: Response, _next: NextFunction) => void res.sendStatus(error.status ?? 500))
    return app
  }

  it.each(deciding)('%s refuses a CONNECT, and accepts it as GET with webSocketMethod', async (_name, create, refusal) => {
    const asItIs = await connectHttp2(await startHttp2Server(createApp(create)))
    await expect(openHttp2WebSocket(asItIs, '/ws')).rejects.toThrow(`The server answered ${refusal}`)

    const asGet = await connectHttp2(await startHttp2Server(createApp(create), { webSocketMethod: 'GET' } as object))
    const { webSocket } = await openHttp2WebSocket(asGet, '/ws')
    for await (const message of webSocket) expect(message).toBe('GET')
  })

  it('is configured by attachWebSockets(), too', async () => {
    const server = createServer()
    attachWebSockets(
      server,
      createApp(() => []),
      { filter: () => true, webSocketMethod: 'GET' },
    )
    await listen(server)
    const { webSocket } = await openHttp2WebSocket(await connectHttp2(server), '/ws')
    for await (const message of webSocket) expect(message).toBe('GET')
  })
})

describe('webSocketMethod', () => {
  it.each(['POST', 'get', 1, null])('cannot be %j', (webSocketMethod) => {
    const options = { webSocketMethod } as { webSocketMethod: 'GET' }
    const message = /the option 'webSocketMethod' must be 'CONNECT' or 'GET'. Received/
    expect(() => createSecureServer(options)).toThrow(message)
    expect(() => attachWebSockets(createServer(), () => undefined, { ...options, filter: () => true })).toThrow(message)
  })
})
