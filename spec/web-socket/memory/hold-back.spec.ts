import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HeldBack } from '../../../lib/web-socket/memory/hold-back.ts'
import { connectTcp } from '../../support/connect-tcp.ts'
import { until } from '../../support/until.ts'

const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** A socket, the events that it emits, and the other end of its connection. */
async function open(): Promise<{ socket: Socket; events: string[]; peer: Socket }> {
  const [socket, peer] = await connectTcp()
  sockets.push(socket, peer)
  const events: string[] = []
  socket.on('data', (chunk: Buffer) => events.push(chunk.toString()))
  socket.on('end', () => events.push('end'))
  return { socket, events, peer }
}

async function arrive(socket: Socket, peer: Socket, text: string): Promise<void> {
  const before = socket.bytesRead
  peer.write(text)
  await until(() => socket.bytesRead === before + text.length)
}

describe('HeldBack', () => {
  it('keeps what arrives until it is released, and reads on then', async () => {
    const { socket, events, peer } = await open()
    await arrive(socket, peer, 'one')
    const heldBack = new HeldBack(socket)
    await arrive(socket, peer, 'two')
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(events).toEqual(['one'])
    heldBack.stop()
    await until(() => events.length === 2)
    await arrive(socket, peer, 'three')
    expect(events).toEqual(['one', 'two', 'three'])
  })

  it('keeps the end of the stream', async () => {
    const { socket, events, peer } = await open()
    const heldBack = new HeldBack(socket)
    peer.end()
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    expect(events).toEqual([])
    heldBack.stop()
    await once(socket, 'end')
    expect(events).toEqual(['end'])
  })

  it('keeps bytes and end of a paused stream, which reads at most once more', async () => {
    const { socket, events, peer } = await open()
    socket.pause()
    const heldBack = new HeldBack(socket)
    peer.end(Buffer.alloc(1_000_000, 'x'))
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    expect(socket.bytesRead).toBeLessThanOrEqual(65_536)
    heldBack.stop()
    socket.resume()
    await once(socket, 'end')
    expect(events.join('')).toBe(`${'x'.repeat(1_000_000)}end`)
  })

  it('can hold back repeatedly', async () => {
    const { socket, events, peer } = await open()
    for (const text of ['one', 'two', 'three']) {
      const heldBack = new HeldBack(socket)
      await arrive(socket, peer, text)
      heldBack.stop()
    }
    await until(() => events.length === 3)
    expect(events).toEqual(['one', 'two', 'three'])
  })

  it('reads on up to its limit', async () => {
    const { socket, events, peer } = await open()
    const heldBack = new HeldBack(socket, { holds: () => true, limit: 4 })
    await arrive(socket, peer, 'one')
    await arrive(socket, peer, 'two')
    peer.write('three')
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    expect({ read: socket.bytesRead, events }).toEqual({ read: 6, events: [] })
    heldBack.stop()
    await until(() => events.length === 2)
    expect(events).toEqual(['onetwo', 'three'])
  })

  it('leaves bytes to a later HeldBack of the same socket when it stops', async () => {
    const { socket, events, peer } = await open()
    const first = new HeldBack(socket)
    await arrive(socket, peer, 'one')
    const second = new HeldBack(socket)
    first.stop()
    await arrive(socket, peer, 'two')
    expect(events).toEqual(['one'])
    second.stop()
    expect(events).toEqual(['one', 'two'])
    await arrive(socket, peer, 'three')
    await until(() => events.length === 3)
    expect(events).toEqual(['one', 'two', 'three'])
  })
})
