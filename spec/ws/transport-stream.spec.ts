import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { TransportStream } from '../../lib/ws/transport-stream.ts'
import { connectTcp } from '../support/connect-tcp.ts'
import { until } from '../support/until.ts'

const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** A stream over a transport, the calls of the transport's methods, and the other end. */
async function open(): Promise<{ stream: TransportStream; duplex: Socket; peer: Socket; asked: string[] }> {
  const [duplex, peer] = await connectTcp()
  sockets.push(duplex, peer)
  const asked: string[] = []
  const abort = (): void => {
    asked.push('abort')
    duplex.destroy()
  }
  const end = (): void => {
    asked.push('end')
    duplex.end()
  }
  return { stream: new TransportStream({ duplex, abort, end }), duplex, peer, asked }
}

describe('a stream over a transport', () => {
  it('pauses the transport while it is not read, and loses nothing', async () => {
    const { stream, duplex, peer } = await open()
    peer.end(Buffer.alloc(1_000_000, 1))
    await until(() => duplex.isPaused())
    expect(stream.readableLength).toBeLessThan(200_000)
    expect(Buffer.concat(await stream.toArray())).toHaveLength(1_000_000)
  })

  it("ends through the transport's method, after the data written, including strings", async () => {
    const { stream, peer, asked } = await open()
    stream.cork()
    stream.write('text ')
    stream.write(Buffer.from('and bytes'))
    stream.uncork()
    stream.end()
    expect(Buffer.concat(await peer.toArray()).toString()).toBe('text and bytes')
    peer.end()
    stream.resume()
    await once(stream, 'close')
    expect(asked).toEqual(['end'])
  })

  it("is destroyed through the transport's method, once", async () => {
    const { stream, peer, asked } = await open()
    stream.destroy()
    await once(peer.resume(), 'end')
    stream.destroy()
    expect(asked).toEqual(['abort'])
  })
})
