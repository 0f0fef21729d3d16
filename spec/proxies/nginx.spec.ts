import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { once } from 'node:events'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { WebSocketOptions } from 'express-use-websockets'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import type { Http1Server } from '../support/http1-server.ts'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'
import { partsOf } from '../docs/documents.ts'
import { nginx, startProxy, stopProxies } from './start-proxy.ts'

afterEach(async () => {
  closeWebSocketClients()
  closeHttp1Servers()
  await stopProxies()
})

const UPGRADE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'

/** nginx in front of an echo. `location` has more directives for the proxied location. */
async function startBehindNginx(location: string, options: WebSocketOptions = {}): Promise<Http1Server> {
  const app = express().set('trust proxy', 'loopback')
  app.use(useWebSockets(options))
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  const behind = await startHttp1Server(app)
  const port = await startProxy(
    nginx,
    (own) => `
      daemon off; pid nginx.pid; error_log stderr; events {}
      http {
        access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
        server { listen 127.0.0.1:${own}; location / { proxy_pass http://127.0.0.1:${behind.port}; ${location} } }
      }`,
  )
  return { ...behind, port }
}

describe('behind nginx', () => {
  it('echoes with the configuration in docs/hosting.md', async () => {
    const lines = partsOf('docs/hosting.md').find(({ language }) => language === 'nginx')?.text ?? ''
    const directives = Array.from(lines.matchAll(/^ +proxy_(?!pass ).+;$/gm), ([line]) => line)
    expect(directives.length).toBeGreaterThan(3)
    const { client } = await openWebSocket(await startBehindNginx(directives.join(' ')))
    client.send('through nginx')
    expect(await nextMessage(client)).toBe('through nginx')
  })

  it('echoes, and closes with code and reason', async () => {
    const server = await startBehindNginx(UPGRADE)
    const { client } = await openWebSocket(server)
    client.send('through nginx')
    expect(await nextMessage(client)).toBe('through nginx')
    client.close(3001, 'bye')
    expect(await closeOf(client)).toEqual([3001, 'bye'])
  })

  it('explains what is missing if nginx does not forward the upgrade', async () => {
    const server = await startBehindNginx('proxy_http_version 1.1;')
    const refused = await refusedWebSocket(server)
    expect(refused.status).toBe(400)
    expect(refused.body).toContain('the Upgrade header is missing (does a proxy in front remove it?)')
  })

  it('explains it if nginx uses HTTP/1.0', async () => {
    const server = await startBehindNginx('proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";')
    expect((await refusedWebSocket(server)).body).toContain('HTTP/1.0')
  })

  it('is disconnected by proxy_read_timeout if it is idle, but not if pings are more frequent', async () => {
    const idle = await startBehindNginx(`${UPGRADE} proxy_read_timeout 1s;`, { keepAliveInterval: 0 })
    const pinged = await startBehindNginx(`${UPGRADE} proxy_read_timeout 1s;`, { keepAliveInterval: 300 })
    const { client } = await openWebSocket(idle)
    const { client: kept } = await openWebSocket(pinged)
    expect((await closeOf(client))[0]).toBe(1006)
    // It was opened after the other one, so it would be disconnected by the time of six pings.
    for (let pings = 0; pings < 6; pings++) await once(kept, 'ping')
    kept.send('still here')
    expect(await nextMessage(kept)).toBe('still here')
  })

  it('compares origins with the host that the client requested', async () => {
    const forward = `${UPGRADE} proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Proto https;`
    const server = await startBehindNginx(forward, { allowedOrigins: 'same-origin' })
    const own = { headers: { Host: 'client.com', Origin: 'https://client.com' } }
    await openWebSocket(server, '/ws', own)
    const foreign = { headers: { Host: 'client.com', Origin: 'https://attacker.com' } }
    expect((await refusedWebSocket(server, '/ws', foreign)).status).toBe(403)
  })
})
