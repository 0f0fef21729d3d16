import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { holdBack } from '../../lib/ws/hold-back.ts'
import { connectTcp } from '../support/connect-tcp.ts'
import { until } from '../support/until.ts'

const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** A socket, what it emits, and the other end of its connection. */
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

describe('holdBack', () => {
  it('keeps what arrives until it is let go, and reads on then', async () => {
    const { socket, events, peer } = await open()
    await arrive(socket, peer, 'one')
    const letGo = holdBack(socket)
    await arrive(socket, peer, 'two')
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(events).toEqual(['one'])
    letGo()
    await until(() => events.length === 2)
    await arrive(socket, peer, 'three')
    expect(events).toEqual(['one', 'two', 'three'])
  })

  it('keeps the end', async () => {
    const { socket, events, peer } = await open()
    const letGo = holdBack(socket)
    peer.end()
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    expect(events).toEqual([])
    letGo()
    await once(socket, 'end')
    expect(events).toEqual(['end'])
  })

  it('keeps bytes and end of a paused stream, which reads no more than once', async () => {
    const { socket, events, peer } = await open()
    socket.pause()
    const letGo = holdBack(socket)
    peer.end(Buffer.alloc(1_000_000, 'x'))
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    expect(socket.bytesRead).toBeLessThanOrEqual(65_536)
    letGo()
    socket.resume()
    await once(socket, 'end')
    expect(events.join('')).toBe(`${'x'.repeat(1_000_000)}end`)
  })

  it('holds back again and again', async () => {
    const { socket, events, peer } = await open()
    for (const text of ['one', 'two', 'three']) {
      const letGo = holdBack(socket)
      await arrive(socket, peer, text)
      letGo()
    }
    await until(() => events.length === 3)
    expect(events).toEqual(['one', 'two', 'three'])
  })
})
