import { describe, expect, it } from '@jest/globals'
import type { OutgoingHttpHeaders, RequestListener } from 'node:http'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { until } from '../support/until.ts'

function createApp(): Express {
  const app = express()
  app.use(useWebSockets({ allowedOrigins: ['https://client.com'] }))
  app.all(
    '/ws',
    webSocketHandler<Request>(
      async (webSocket) => {
        await webSocket.sendAsync('welcome')
        for await (const message of webSocket) {
          if (message === 'end') return webSocket.closeAsync(3001, 'as you wish')
          await webSocket.sendAsync(message)
        }
      },
      ({ webSockets }) => ({ subProtocol: webSockets.webSocketRequestedProtocols[0] }),
    ),
  )
  app.all('/private', (_req, res) => void res.status(401).set('WWW-Authenticate', 'Basic').send('who are you?'))
  return app
}

describe.each([
  ['http/1.1', 101],
  ['h2', 200],
] as const)('requestWebSocket over %s', (protocol, acceptedStatus) => {
  it('opens a WebSocket, receives frames that arrive with the answer, and records all frames', async () => {
    await using answer = await requestWebSocket(createApp(), '/ws', { protocol, subProtocols: ['chat', 'talk'] })
    expect([answer.status, answer.webSocket.subProtocol]).toEqual([acceptedStatus, 'chat'])
    expect(await answer.nextMessage()).toBe('welcome')
    await answer.webSocket.sendAsync(Buffer.from([1, 2, 3]))
    expect(await answer.nextMessage()).toEqual(Buffer.from([1, 2, 3]))
    await answer.webSocket.sendAsync('end')
    expect(await answer.nextMessage()).toBeUndefined()
    expect([answer.webSocket.closeStatus, answer.webSocket.closeStatusDescription]).toEqual([3001, 'as you wish'])
    expect(answer.frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [1, 7],
      [2, 3],
      [8, 13],
    ])
  })

  it('returns a refusal with its header fields and body', async () => {
    await using answer = await requestWebSocket(createApp(), '/private', { protocol })
    expect([answer.status, answer.headers['www-authenticate'], answer.body]).toEqual([401, 'Basic', 'who are you?'])
    expect(() => answer.webSocket).toThrow('the application answered 401 "who are you?"')
  })

  it('sends the given header fields', async () => {
    await using answer = await requestWebSocket(createApp(), '/ws', { protocol, headers: { Origin: 'https://attacker.com' } })
    expect(answer.status).toBe(403)
  })

  it.each<[what: string, app: RequestListener, headers: OutgoingHttpHeaders]>([
    ['the application destroys the connection', (req) => req.socket.destroy(), {}],
    ['the application destroys the connection in the middle of its answer', (_req, res) => void res.write('a', () => res.destroy()), {}],
    ['a header field cannot be sent', () => undefined, { ':unknown': 'a' }],
  ])('rejects, and leaves nothing open, if %s', async (_what, app, headers) => {
    const before = openHandles()
    await expect(requestWebSocket(app, '/ws', { protocol, headers })).rejects.toHaveProperty('message')
    await until(() => openHandles() <= before)
  })
})

function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
}
