import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { readIntoSharedBuffer } from '../../../lib/hosting/http1/shared-read-buffer.ts'
import { connectTcp } from '../../support/connect-tcp.ts'
import { until } from '../../support/until.ts'

const open: Socket[] = []

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

async function openPair(): Promise<[server: Socket, client: Socket]> {
  const pair = await connectTcp()
  open.push(...pair)
  return pair
}

/** Copies what arrives at once. */
class Recorder {
  readonly chunks: Buffer[] = []

  onBorrowedBytes(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes))
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

const dataOf = (socket: Socket): string[] => {
  const data: string[] = []
  socket.on('data', (chunk) => data.push(String(chunk)))
  return data
}

/** Contract of undocumented members. If this fails, adapt `lib/hosting/http1/shared-read-buffer.ts` to the new Node. */
describe('readIntoSharedBuffer', () => {
  it('passes on what arrives, and the socket emits no data event', async () => {
    const [server, client] = await openPair()
    const data = dataOf(server)
    const recorder = new Recorder()

    expect(readIntoSharedBuffer(server, recorder)).toBe(true)
    client.write('hello')
    await until(() => recorder.text === 'hello')
    client.write(' world')
    await until(() => recorder.text === 'hello world')
    expect(data).toEqual([])
  })

  it('passes on what was read before first', async () => {
    const [server, client] = await openPair()
    server.pause()
    server.read(0)
    client.write('before')
    await until(() => server.readableLength > 0)
    const order: string[] = []
    server.on('data', (chunk) => order.push(String(chunk)))
    readIntoSharedBuffer(server, { onBorrowedBytes: (bytes) => order.push(Buffer.from(bytes).toString()) })
    client.write(' after')
    server.resume()

    await until(() => order.length > 1)
    expect(order).toEqual(['before', ' after'])
  })

  it('reads nothing while the socket is paused', async () => {
    const [server, client] = await openPair()
    const recorder = new Recorder()
    dataOf(server)
    readIntoSharedBuffer(server, recorder)
    server.pause()
    client.write('later')
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    expect(recorder.text).toBe('')

    server.resume()
    await until(() => recorder.text === 'later')
  })

  it("reports the end of the peer's side after the last bytes", async () => {
    const [server, client] = await openPair()
    const recorder = new Recorder()
    dataOf(server)
    readIntoSharedBuffer(server, recorder)
    const ended = once(server, 'end').then(() => recorder.text)
    client.end('last')

    expect(await ended).toBe('last')
  })

  it('counts the bytes read', async () => {
    const [server, client] = await openPair()
    dataOf(server)
    readIntoSharedBuffer(server, new Recorder())
    client.write('12345')

    await until(() => server.bytesRead > 0)
    expect(server.bytesRead).toBe(5)
  })

  it('does nothing if the socket has no handle', async () => {
    const [server] = await openPair()
    server.destroy()
    await once(server, 'close')

    expect(readIntoSharedBuffer(server, new Recorder())).toBe(false)
  })
})
