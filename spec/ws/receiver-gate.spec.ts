import { afterEach, describe, expect, it } from '@jest/globals'
import { pbkdf2, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { constants, deflateRawSync } from 'node:zlib'
import type { WebSocket } from 'ws'
import { ReceiverGate } from '../../lib/ws/receiver-gate.ts'
import { connectWebSocket, receiverOf, serverOptions, ServerWebSocket } from '../../lib/ws/ws-web-socket-internals.ts'
import { connectTcp } from '../support/connect-tcp.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { until } from '../support/until.ts'

const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const compression = {
  clientContextTakeover: false,
  clientMaxWindowBits: 15,
  serverContextTakeover: false,
  serverMaxWindowBits: 15,
  threshold: 10,
  level: 9,
}
const settings = { closeTimeout: 60_000, compression, maxMessageSize: 100_000_000, subProtocol: null }

interface Opened {
  readonly webSocket: WebSocket
  readonly gate: ReceiverGate
  readonly socket: Socket
  readonly peer: Socket
  readonly events: string[]
}

/** A socket with its gate, the events that it emits, and the raw other end of its connection. */
async function open(): Promise<Opened> {
  const [socket, peer] = await connectTcp()
  sockets.push(socket, peer)
  const webSocket = new ServerWebSocket(null, undefined, serverOptions(settings))
  connectWebSocket(webSocket, socket, [], settings)
  const events: string[] = []
  webSocket.on('message', (data: Buffer) => events.push(data.toString('latin1', 0, 10)))
  webSocket.on('close', (code) => events.push(`closed ${code}`))
  webSocket.on('error', ({ message }) => events.push(message))
  return { webSocket, gate: new ReceiverGate(webSocket, socket, socket), socket, peer, events }
}

function textFrames(...texts: string[]): Buffer {
  return Buffer.concat(texts.map((text) => rawFrame(1, text)))
}

function compressedFrame(payload: Buffer): Buffer {
  return rawFrame(2, deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), { reserved: 4 })
}

/** Nothing is inflated until this has ended. */
async function occupyThreads(): Promise<void> {
  await Promise.all(Array.from({ length: 8 }, async () => promisify(pbkdf2)('', '', 60_000, 64, 'sha512')))
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await nextTurn()
}

describe('the gate in front of the receiver of a WebSocket of ws', () => {
  it('stops the receiver after a message, compressed or not, and resumes it', async () => {
    const { webSocket, gate, peer, events } = await open()
    webSocket.on('message', () => gate.stop())
    peer.write(
      Buffer.concat([textFrames('one'), compressedFrame(Buffer.from('two')), compressedFrame(Buffer.from('three')), textFrames('four')]),
    )
    for (const [index, text] of ['one', 'two', 'three', 'four'].entries()) {
      await until(() => events.at(-1) === text)
      await turns()
      expect(events).toHaveLength(index + 1)
      gate.proceed()
    }
    peer.write(textFrames('five'))
    await until(() => events.at(-1) === 'five')
  })

  it('pauses the connection, too, and keeps later bytes until it resumes', async () => {
    const { webSocket, gate, socket, peer, events } = await open()
    webSocket.once('message', () => gate.stop())
    peer.write(textFrames('one', 'two'))
    await until(() => events.length === 1)
    peer.end(Buffer.concat([textFrames('three'), rawFrame(8, closePayload(3001))]))
    await turns()
    gate.unpause()
    await turns()
    expect([socket.isPaused(), ...events]).toEqual([true, 'one'])
    gate.proceed()
    await until(() => events.length === 4)
    expect(events).toEqual(['one', 'two', 'three', 'closed 3001'])
  })

  it('leaves a socket paused that the application has paused, and resumes the held bytes', async () => {
    const { webSocket, gate, socket, peer, events } = await open()
    webSocket.once('message', () => gate.stop())
    peer.write(textFrames('one', 'two'))
    await until(() => events.length === 1)
    webSocket.pause()
    gate.pause()
    gate.proceed()
    expect(events).toEqual(['one', 'two'])
    peer.write(textFrames('three'))
    await turns()
    expect([socket.isPaused(), socket.readableLength, ...events]).toEqual([true, 0, 'one', 'two'])
    gate.unpause()
    await turns()
    expect([socket.isPaused(), ...events]).toEqual([true, 'one', 'two'])
    webSocket.resume()
    await until(() => events.at(-1) === 'three')
  })

  it('stops again within held bytes after the application has resumed the connection', async () => {
    const { webSocket, gate, socket, peer, events } = await open()
    webSocket.on('message', () => gate.stop())
    peer.write(textFrames('one'))
    await until(() => events.length === 1)
    socket.resume()
    peer.write(textFrames('two', 'three'))
    await turns()
    expect(events).toEqual(['one'])
    gate.proceed()
    expect(events).toEqual(['one', 'two'])
    await turns()
    expect([socket.isPaused(), ...events]).toEqual([true, 'one', 'two'])
    gate.proceed()
    await until(() => events.length === 3)
  })

  it('resumes without bytes if it was stopped between two chunks', async () => {
    const { webSocket, gate, peer, events } = await open()
    webSocket.once('message', () => gate.stop())
    peer.write(textFrames('one'))
    await until(() => events.length === 1)
    gate.proceed()
    gate.stop()
    gate.proceed()
    peer.write(textFrames('two'))
    await until(() => events.length === 2)
    expect(events).toEqual(['one', 'two'])
  })

  it.each([
    ['small', Buffer.from('inflated')],
    ['large', randomBytes(30_000)],
  ])('collects no chunks while the receiver inflates %s data', async (_, payload) => {
    const { webSocket, gate, socket, peer, events } = await open()
    const receiver = receiverOf(webSocket)
    const threads = occupyThreads()
    peer.write(Buffer.concat([compressedFrame(payload), textFrames('one')]))
    await until(() => receiver.writableLength > 0)
    const frames = textFrames('two', 'three')
    for (const byte of frames) {
      const before = socket.bytesRead
      peer.write(Buffer.of(byte))
      await until(() => socket.bytesRead > before || socket.isPaused())
      gate.unpause()
    }
    await turns()
    expect(events).toEqual([])
    expect([socket.isPaused(), socket.readableLength]).toEqual([true, 0])
    await threads
    await until(() => events.length === 4)
    expect(events.slice(1)).toEqual(['one', 'two', 'three'])
  })

  it.each(['pause', 'stop'] as const)('detects invalid compressed data and the end of the connection after %s()', async (action) => {
    const { webSocket, gate, peer, events } = await open()
    const receiver = receiverOf(webSocket)
    const threads = occupyThreads()
    peer.write(rawFrame(2, Buffer.alloc(10, 0xff), { reserved: 4 }))
    await until(() => receiver.writableLength > 0)
    peer.write(textFrames('one'))
    await turns()
    gate[action]()
    peer.end(textFrames('two'))
    await threads
    await until(() => events.length > 0)
    gate.proceed()
    await until(() => events.length === 2)
    expect(events).toEqual([expect.stringMatching(/invalid/), 'closed 1006'])
  })

  it('resumes permanently when the connection is destroyed, and closes', async () => {
    const { webSocket, gate, socket, peer, events } = await open()
    webSocket.on('message', () => gate.stop())
    peer.write(textFrames('one', 'two', 'three'))
    await until(() => events.length === 1)
    socket.destroy()
    await once(webSocket, 'close')
    expect(events).toEqual(['one', 'two', 'three', 'closed 1006'])
  })

  it('passes on an error that follows held messages', async () => {
    const { webSocket, gate, peer, events } = await open()
    webSocket.once('message', () => gate.stop())
    peer.write(Buffer.concat([textFrames('one'), rawFrame(3), textFrames('two')]))
    await until(() => events.length === 1)
    gate.proceed()
    peer.end(rawFrame(8, closePayload(1002)))
    await until(() => events.length === 3)
    expect(events).toEqual(['one', 'Invalid WebSocket frame: invalid opcode 3', 'closed 1006'])
  })
})
