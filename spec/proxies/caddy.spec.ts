import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { WebSocketOptions } from 'express-use-websockets'
import { partsOf } from '../docs/documents.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import type { Http1Server } from '../support/http1-server.ts'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'
import { caddy, startProxy, stopProxies } from './start-proxy.ts'

afterEach(async () => {
  closeWebSocketClients()
  closeHttp1Servers()
  await stopProxies()
})

/** Caddy in front of an echo. The lines configure the site and name the echo as `127.0.0.1:3000`. */
async function startBehindCaddy(lines: string, options: WebSocketOptions = {}): Promise<Http1Server> {
  const app = express().set('trust proxy', 'loopback')
  app.use(useWebSockets(options))
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  const behind = await startHttp1Server(app)
  const site = lines.replace('127.0.0.1:3000', `127.0.0.1:${behind.port}`)
  const port = await startProxy(caddy, (own) => `{\nadmin off\nauto_https off\n}\nhttp://:${own} {\nbind 127.0.0.1\n${site}\n}\n`)
  return { ...behind, port }
}

describe('behind Caddy', () => {
  it('echoes with the configuration in docs/deploying.md, and closes with code and reason', async () => {
    const block = partsOf('docs/deploying.md').find(({ language }) => language === 'caddyfile')?.text ?? ''
    const lines = block.split('\n').slice(1, -1).join('\n')
    expect(lines).toContain('reverse_proxy 127.0.0.1:3000')
    // Newer than the Caddy of Debian 12.
    const { client } = await openWebSocket(await startBehindCaddy(lines.replace(/ *stream_close_delay .*/, '')))
    client.send('through Caddy')
    expect(await nextMessage(client)).toBe('through Caddy')
    client.close(3001, 'bye')
    expect(await closeOf(client)).toEqual([3001, 'bye'])
  })

  it('compares origins with the host that the client requested', async () => {
    const server = await startBehindCaddy('reverse_proxy 127.0.0.1:3000', { allowedOrigins: 'same-origin' })
    await openWebSocket(server, '/ws', { headers: { Host: 'client.com', Origin: 'http://client.com' } })
    const foreign = { headers: { Host: 'client.com', Origin: 'http://attacker.com' } }
    expect((await refusedWebSocket(server, '/ws', foreign)).status).toBe(403)
  })

  it('forwards a refusal', async () => {
    const server = await startBehindCaddy('reverse_proxy 127.0.0.1:3000')
    expect((await refusedWebSocket(server, '/elsewhere')).status).toBe(404)
  })
})
