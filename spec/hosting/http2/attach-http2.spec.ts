import { createServer } from 'node:http2'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { attachHttp2 } from '../../../lib/hosting/http2/attach-http2.ts'
import { closeHttp2Peers, connectHttp2, listen, request } from '../../support/http2-peers.ts'

afterEach(closeHttp2Peers)

describe('attachHttp2', () => {
  it('makes a server of node:http2 serve the application and accept extended CONNECT', async () => {
    const server = createServer()
    attachHttp2(
      server,
      express().get('/', (_req, res) => void res.send('here')),
    )
    await listen(server)
    const session = await connectHttp2(server)
    expect((await request(session, '/')).text).toBe('here')
    expect(session.remoteSettings.enableConnectProtocol).toBe(true)
  })

  it('does not change a server whose settings disable extended CONNECT', async () => {
    const server = createServer({ settings: { enableConnectProtocol: false } })
    attachHttp2(server, express())
    await listen(server)
    expect((await connectHttp2(server)).remoteSettings.enableConnectProtocol).toBe(false)
  })

  it('repairs a server that was created with the application as its listener', async () => {
    const app = express().get('/', (_req, res) => void res.send('here'))
    const server = createServer(app as never)
    attachHttp2(server, app)
    await listen(server)
    expect((await request(await connectHttp2(server), '/')).text).toBe('here')
    expect(server.listenerCount('request')).toBe(1)
  })

  it('still works after a request listener is added later', async () => {
    const server = createServer()
    attachHttp2(server)
    const versions: string[] = []
    server.on('request', ((req: { httpVersion: string }) => versions.push(req.httpVersion)) as never)
    server.on(
      'request',
      express().use((_req, res) => void res.send('here')),
    )
    await listen(server)
    expect((await request(await connectHttp2(server), '/')).text).toBe('here')
    expect(versions).toEqual(['2.0'])
  })

  it('serves every request once even if it is called twice', async () => {
    const server = createServer()
    let served = 0
    const app = express().use((_req, res) => void res.send(String((served += 1))))
    attachHttp2(server, app)
    attachHttp2(server, app)
    await listen(server)
    expect((await request(await connectHttp2(server), '/')).text).toBe('1')
    expect(served).toBe(1)
  })

  it('ignores a stream that a listener of the server has answered', async () => {
    const server = createServer()
    server.on('stream', (stream, { ':path': path }) => {
      if (path === '/core') stream.respond({ ':status': 202 }, { endStream: true })
    })
    const seen: string[] = []
    attachHttp2(
      server,
      express().use((req, res) => void res.send(`request ${seen.push(req.url)} of the application`)),
    )
    await listen(server)
    const session = await connectHttp2(server)
    expect((await request(session, '/core')).status).toBe(202)
    expect((await request(session, '/other')).text).toBe('request 1 of the application')
    expect(seen).toEqual(['/other'])
  })
})
