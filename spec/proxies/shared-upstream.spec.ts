import { afterEach, describe, expect, it } from '@jest/globals'
import { createPipelineApp } from '../fuzz/pipeline-app.ts'
import { ForkedScript } from '../support/forked-script.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import type { Http1Server } from '../support/http1-server.ts'
import { closeRawHttp1Clients, handshakeHead, RawHttp1Client, SAMPLE_KEY } from '../support/raw-http1.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { until } from '../support/until.ts'
import type { BusyUpstreamFunctions } from './shared-upstream/busy-upstream.ts'
import { haproxy, nginx, startProxy, stopProxies } from './start-proxy.ts'

afterEach(async () => {
  closeRawHttp1Clients()
  closeHttp1Servers()
  await stopProxies()
})

const nginxLike = (own: number, port: number): string => `
  daemon off; pid nginx.pid; error_log stderr; events {}
  http {
    access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream back { server 127.0.0.1:${port}; keepalive 1; }
    server {
      listen 127.0.0.1:${own};
      location /admin { return 403; }
      location / {
        proxy_pass http://back; proxy_http_version 1.1; proxy_request_buffering off;
        proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
      }
    }
  }`

const haproxyLike = (own: number, port: number): string => `
global
  tune.http.maxhdr 3000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend front
  bind 127.0.0.1:${own}
  http-request deny if { path_beg /admin }
  default_backend back
backend back
  http-reuse always
  server node 127.0.0.1:${port}
`

const ADMIN = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n'

/** A decoy: a search for the handshake's key or for its last value finds this first. */
const BODY = `${SAMPLE_KEY} x\r\n\r\n${ADMIN}`.repeat(3)
const BUSY_POST = `POST /busy/0 HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`
const POST = `POST /early/0 HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`

const HANDSHAKES = [
  ['ends in a space', handshakeHead({ X: 'x ' }, 'GET /refuse/1 HTTP/1.1'), ''],
  ['ends in a tab', handshakeHead({ X: 'x\t' }, 'GET /refuse/1 HTTP/1.1'), ''],
  ['is followed by a request', handshakeHead({ X: 'x' }, 'GET /refuse/1 HTTP/1.1'), ADMIN],
  ['has many fields', handshakeHead({ X: Array.from({ length: 1050 }, () => 'x'), Y: 'y' }, 'GET /refuse/1 HTTP/1.1'), ''],
  ['is malformed', handshakeHead({ 'Sec-WebSocket-Version': '12', X: 'x\t' }, 'GET /refuse/1 HTTP/1.1'), ADMIN],
] as const

describe.each([
  ['nginx', nginx, nginxLike],
  ['HAProxy', haproxy, haproxyLike],
] as const)('behind %s, which shares its connections among clients', (_name, program, configure) => {
  async function startBehind() {
    const { app, witnesses } = createPipelineApp(false)
    const behind = await startHttp1Server(app)
    const server: Http1Server = { ...behind, port: await startProxy(program, (own) => configure(own, behind.port)) }
    return { server, seen: () => [...witnesses.values()].flatMap(({ requests }) => requests), witnesses }
  }

  it.each(HANDSHAKES)(
    'lets no client bypass the rules of the proxy by a refused handshake that %s, while the server is busy',
    async (_what, handshake, rest) => {
      const upstream = new ForkedScript<BusyUpstreamFunctions>('spec/proxies/shared-upstream/busy-upstream.ts')
      try {
        const behind = await upstream.call('start')
        const server = { isSecure: false, port: await startProxy(program, (own) => configure(own, behind)) }
        const client = await RawHttp1Client.connect(server)
        client.write(BUSY_POST)
        await upstream.call('untilBusy')
        client.write(BODY)
        await client.receive('answer to /busy/0')
        client.write(handshake, rest)
        await until(() => client.ending !== undefined || / 4\d\d /.test(client.received.toString('latin1')))
        const other = await RawHttp1Client.connect({ ...server, port: behind })
        other.write('GET /plain/2 HTTP/1.1\r\nHost: a\r\n\r\n')
        await other.receive('answer to /plain/2')
        // The proxy itself may refuse it.
        expect((await upstream.call('tellRequests')).filter((line) => line !== 'GET /refuse/1')).toEqual(['GET /plain/2'])
      } finally {
        upstream.kill()
      }
    },
  )

  it.each(HANDSHAKES)('lets no client bypass the rules of the proxy by a refused handshake that %s', async (_what, handshake, rest) => {
    const { server, seen } = await startBehind()
    const client = await RawHttp1Client.connect(server)
    client.write(POST)
    // The server answers before the body arrives. The proxy then forwards the body together with the handshake.
    await until(() => seen().length > 0)
    client.write(BODY, handshake, rest)
    await client.receive('answer to /early/0')
    await until(() => client.ending !== undefined || / 4\d\d /.test(client.received.toString('latin1')))
    const other = await RawHttp1Client.connect(server)
    other.write('GET /plain/2 HTTP/1.1\r\nHost: a\r\n\r\n')
    await other.receive('answer to /plain/2')
    // A proxy may close the connection of a client that it has answered before the end of the body.
    expect(seen().filter((line) => line !== 'GET /refuse/1')).toEqual(['POST /early/0', 'GET /plain/2'])
  })

  it('tells a client why it is refused, and accepts another one on the same connection', async () => {
    const { server, witnesses } = await startBehind()
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead({}, 'GET /refuse/0 HTTP/1.1'))
    expect(await client.receive('refused')).toMatch(/^HTTP\/1\.1 401 /)
    const other = await RawHttp1Client.connect(server)
    other.write(handshakeHead({}, 'GET /accept/1 HTTP/1.1'))
    await other.receive(' 101 ')
    other.write(rawFrame(1, 'mine'))
    await until(() => [...witnesses.values()].some(({ messages }) => messages.length > 0))
    expect([...witnesses.values()].flatMap(({ messages }) => messages)).toEqual(['mine'])
  })
})
