import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it } from '@jest/globals'
import { boundWrites } from '../../../../lib/hosting/http2/stream/bounded-writes.ts'
import { StreamOutflow } from '../../../../lib/hosting/http2/stream/stream-outflow.ts'
import { closeHttp2Peers, listen, openStream, portOf } from '../../../support/http2-peers.ts'
import { closeTcpLinks, TcpLink } from '../../../support/tcp-link.ts'
import { until } from '../../../support/until.ts'

afterEach(async () => {
  await closeHttp2Peers()
  closeTcpLinks()
})

describe('the outflow of a stream', () => {
  it('counts as a sign of life only if the peer has sent something in the meantime', async () => {
    const { stream, peer, link } = await open()
    const outflow = new StreamOutflow(stream)
    stream.write('hello')
    expect(outflow.take()).toMatchObject({ isWaiting: true })
    await once(peer, 'data')
    const { left } = outflow.take()
    link.freeze()
    for (let count = 0; count < 3; count++) {
      await until(() => stream.writableLength === 0)
      stream.write('hello')
      expect(outflow.take()).toEqual({ isWaiting: true, left })
    }
    link.limit(Infinity, Infinity)
    peer.write('hello')
    await once(stream, 'data')
    expect(outflow.take().left).toBe(left + 15)
  })

  it('is less than what was written while the window is closed', async () => {
    const { stream, peer } = await open()
    const outflow = new StreamOutflow(stream)
    boundWrites(stream)
    peer.pause()
    for (let count = 0; count < 10; count++) stream.write(Buffer.alloc(50_000))
    await once(peer, 'readable')
    const { isWaiting, left } = outflow.take()
    expect(isWaiting).toBe(true)
    expect(left).toBeLessThan(300_000)
    peer.resume()
    await until(() => stream.writableLength === 0)
    expect(outflow.take()).toEqual({ isWaiting: false, left: 500_000 })
  })

  it('is not read from a stream that has closed', async () => {
    const { stream } = await open()
    const outflow = new StreamOutflow(stream)
    const { session } = stream
    stream.destroy()
    session?.destroy()
    await once(stream, 'close')
    expect(outflow.take()).toEqual({ isWaiting: false, left: 0 })
  })
})

async function open(): Promise<{ readonly stream: ServerHttp2Stream; readonly peer: Duplex; readonly link: TcpLink }> {
  const server = createServer()
  const opened = once(server, 'stream') as Promise<[ServerHttp2Stream]>
  await listen(server)
  const link = await TcpLink.open(portOf(server))
  const session = connect(`http://127.0.0.1:${link.port}`)
  session.on('error', () => undefined)
  const peer = openStream(session, { ':method': 'POST', ':path': '/' })
  const [stream] = await opened
  stream.on('error', () => undefined)
  stream.respond({}, { endStream: false })
  stream.resume()
  return { stream, peer, link }
}
