import { once } from 'node:events'
import type http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { createSecureServer, createServer } from 'express-use-websockets/http2'
import { expressVersions } from '../../support/express-versions.ts'
import { closeHttp2Peers, connectHttp2, listen, openStream, portOf, readAnswer, request } from '../../support/http2-peers.ts'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'

const certificate = createSelfSignedCertificate()

afterEach(closeHttp2Peers)

describe.each(expressVersions)('createSecureServer with %s', (_name, expressVersion) => {
  it('serves HTTP/2 and HTTP/1.1 clients on one port with one application', async () => {
    const app = expressVersion()
    app.use((req, res) => void res.json([req.httpVersion, req.protocol, req.secure, req.hostname, req.ip]))
    const server = createSecureServer(certificate, app)
    await listen(server)
    const session = await connectSecurely(server)
    expect(JSON.parse((await request(session, '/', { ':authority': 'localhost' })).text)).toEqual([
      '2.0',
      'https',
      true,
      'localhost',
      '127.0.0.1',
    ])
    expect(JSON.parse(await getOverHttp1(server))).toEqual(['1.1', 'https', true, 'localhost', '127.0.0.1'])
  })
})

describe('createSecureServer', () => {
  it('refuses HTTP/1.1 clients if allowHTTP1 is false', async () => {
    const server = createSecureServer({ ...certificate, allowHTTP1: false }, express())
    await listen(server)
    const socket = connectTls({ port: portOf(server), ca: certificate.cert, ALPNProtocols: ['http/1.1'] })
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/alert/i)
  })

  it('informs the application about the TLS connection', async () => {
    const server = createSecureServer(certificate, (req, res) => {
      const socket = req.socket as TLSSocket
      res.end(JSON.stringify([socket.encrypted, socket.alpnProtocol, socket.getProtocol(), socket.authorized, socket.getPeerCertificate()]))
    })
    await listen(server)
    const session = await connectSecurely(server)
    expect(JSON.parse((await request(session, '/')).text)).toEqual([true, 'h2', 'TLSv1.3', false, {}])
  })

  it('can be created without an application, which then listens to request', async () => {
    const server = createSecureServer(certificate)
    server.on('request', ((_req: http.IncomingMessage, res: http.ServerResponse) => res.end('heard')) as never)
    await listen(server)
    const session = await connectSecurely(server)
    expect((await request(session, '/')).text).toBe('heard')
    expect(await getOverHttp1(server)).toBe('heard')
  })
})

describe('createServer', () => {
  it('announces extended CONNECT in its first settings', async () => {
    const server = createServer(express())
    await listen(server)
    const session = await connectHttp2(server)
    expect(session.remoteSettings.enableConnectProtocol).toBe(true)
  })

  it('keeps the settings passed to it', async () => {
    const server = createServer({ settings: { enableConnectProtocol: false, maxConcurrentStreams: 7 } }, express())
    await listen(server)
    const session = await connectHttp2(server)
    expect(session.remoteSettings).toMatchObject({ enableConnectProtocol: false, maxConcurrentStreams: 7 })
  })

  it('answers 501 to a CONNECT for a proxy, unless there is a connect listener', async () => {
    const server = createServer((_req, res) => res.end('of the application'))
    await listen(server)
    const session = await connectHttp2(server)
    const fields = { ':method': 'CONNECT', ':authority': 'example.com:443' }
    const refused = await readAnswer(openStream(session, fields))
    expect([refused.status, refused.body.length]).toEqual([501, 0])
    server.on('connect', ((req: http.IncomingMessage, res: http.ServerResponse) => res.writeHead(403).end(req.url)) as never)
    const heard = await readAnswer(openStream(session, fields))
    expect([heard.status, heard.text]).toEqual([403, 'example.com:443'])
  })

  it('calls the checkContinue and checkExpectation listeners, if there are any', async () => {
    const server = createServer((_req, res) => res.end('of the application'))
    await listen(server)
    server.on('checkContinue', ((_req: http.IncomingMessage, res: http.ServerResponse) => res.writeHead(403).end()) as never)
    server.on('checkExpectation', ((_req: http.IncomingMessage, res: http.ServerResponse) => res.writeHead(200).end()) as never)
    const session = await connectHttp2(server)
    expect((await request(session, '/', { expect: '100-continue' })).status).toBe(403)
    expect((await request(session, '/', { expect: 'x' })).status).toBe(200)
  })

  it('closes idle connections on close(), and the others when they are done', async () => {
    const responses: http.ServerResponse[] = []
    const server = createServer((_req, res) => void responses.push(res.writeHead(200)))
    await listen(server)
    const idle = await connectHttp2(server)
    const busy = await connectHttp2(server)
    const stream = openStream(busy, { ':path': '/' }, true)
    const answer = readAnswer(stream)
    await once(stream, 'response')
    const closed = once(server, 'close')
    server.close()
    await once(idle, 'close')
    expect(busy.destroyed).toBe(false)
    responses[0]?.end('done')
    expect((await answer).text).toBe('done')
    await closed
  })
})

async function connectSecurely(server: http2.Http2SecureServer): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`https://127.0.0.1:${portOf(server)}`, { ca: certificate.cert })
  await once(session, 'remoteSettings')
  return session
}

async function getOverHttp1(server: http2.Http2SecureServer): Promise<string> {
  const { port } = server.address() as AddressInfo
  const get = https.get({
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    ca: certificate.cert,
    headers: { host: 'localhost' },
    agent: false,
  })
  const [response] = (await once(get, 'response')) as [http.IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return text
}
