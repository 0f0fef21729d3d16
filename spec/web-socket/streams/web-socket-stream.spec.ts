import { describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { PassThrough, Readable, Transform } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { createReadableMessageStream } from '../../../lib/web-socket/streams/readable-message-stream.ts'
import { WebSocketMessageType } from '../../../lib/web-socket/values/web-socket-message-type.ts'
import { WebSocketState } from '../../../lib/web-socket/values/web-socket-state.ts'
import { createWebSocketStream } from '../../../lib/web-socket/streams/web-socket-stream.ts'
import { createWritableMessageStream } from '../../../lib/web-socket/streams/writable-message-stream.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../../support/web-socket-pairs.ts'

describe('createWebSocketStream', () => {
  it('sends each write as one message', async () => {
    const { webSocket, peer } = await openOverTcp()
    const stream = createWebSocketStream(webSocket)
    stream.write('first')
    stream.write(Buffer.alloc(0))
    stream.write(Buffer.alloc(100_000, 'x'))

    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Binary, isFinal: true, payload: Buffer.from('first') })
    expect((await peer.nextFrame()).payload).toHaveLength(0)
    expect((await peer.nextFrame()).payload.equals(Buffer.alloc(100_000, 'x'))).toBe(true)
  })

  it('sends text if the option says so', async () => {
    const { webSocket, peer } = await openOverTcp()
    createWebSocketStream(webSocket, { messageType: WebSocketMessageType.Text }).write('text')

    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Text })
  })

  it('reads the bytes of all messages until the Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(
      rawFrame(Opcode.Text, 'one '),
      rawFrame(Opcode.Binary, ''),
      rawFrame(Opcode.Binary, 'two ', { isFinal: false }),
      rawFrame(Opcode.Continuation, '', { isFinal: false }),
      rawFrame(Opcode.Continuation, 'three'),
      rawFrame(Opcode.Close, closePayload(1000)),
    )

    expect(await text(createWebSocketStream(webSocket))).toBe('one two three')
    expect(webSocket.state).toBe(WebSocketState.CloseReceived)
  })

  it('leaves a socket open that it does not own', async () => {
    const { webSocket, peer } = await openOverTcp()
    const stream = createWebSocketStream(webSocket)
    stream.end('data')
    await once(stream, 'finish')
    stream.destroy()
    await once(stream, 'close')
    await webSocket.sendAsync('still open')

    expect((await peer.nextFrame()).payload.toString()).toBe('data')
    expect((await peer.nextFrame()).payload.toString()).toBe('still open')
  })

  it('closes a socket that it owns with 1000 when it ends, even if it is not read', async () => {
    const { webSocket, peer } = await openOverTcp()
    peer.duplex.on('end', () => peer.end())
    const stream = createWebSocketStream(webSocket, { ownsWebSocket: true })
    const piped = pipeline(Readable.from([Buffer.from('a'), Buffer.from('b')]), stream)
    expect((await peer.nextFrame()).payload.toString()).toBe('a')
    expect((await peer.nextFrame()).payload.toString()).toBe('b')
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1000))
    await peer.send(rawFrame(Opcode.Text, 'unread'), rawFrame(Opcode.Close, closePayload(1000)))
    await Promise.all([piped, finished(stream), once(stream, 'close')])

    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: true })
  })

  it('keeps reading after it has ended, until the peer closes', async () => {
    const { webSocket, peer } = await openOverTcp()
    const stream = createWebSocketStream(webSocket, { ownsWebSocket: true })
    stream.end('question')
    const answer = text(stream)
    await peer.nextFrame()
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1000))
    await peer.send(rawFrame(Opcode.Text, 'the '), rawFrame(Opcode.Text, 'answer'), rawFrame(Opcode.Close, closePayload(1000)))
    peer.end()

    expect(await answer).toBe('the answer')
    expect(await webSocket.completion).toMatchObject({ wasClean: true })
  })

  it('answers the Close frame of the peer if it owns the socket', async () => {
    const { webSocket, peer } = await openOverTcp()
    peer.duplex.on('end', () => peer.end())
    const stream = createWebSocketStream(webSocket, { ownsWebSocket: true })
    await peer.send(rawFrame(Opcode.Text, 'text'), rawFrame(Opcode.Close, closePayload(4000)))

    expect(await text(stream)).toBe('text')
    stream.end()
    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: true, endedBy: 'remote' })
  })

  it('closes a socket that it owns with 1011 if it is destroyed with an error', async () => {
    const { webSocket, peer } = await openOverTcp()
    const stream = createWebSocketStream(webSocket, { ownsWebSocket: true })
    const broken = Readable.from(
      (async function* () {
        yield 'a'
        await setImmediate()
        throw new Error('broken')
      })(),
    )

    const piped = pipeline(broken, stream)
    expect((await peer.nextFrame()).payload.toString()).toBe('a')
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1011))
    await peer.sendFrame(Opcode.Close, closePayload(1011))
    peer.end()
    await expect(piped).rejects.toThrow('broken')
    expect(await webSocket.completion).toMatchObject({ wasClean: true })
  })

  it('waits for the close handshake for closeTimeout, and not at all if that is 0', async () => {
    const waiting = await openOverTcp()
    createWebSocketStream(waiting.webSocket, { closeTimeout: 20 }).destroy()
    expect(await waiting.webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: false, error: { code: 'ABORT_ERR' } })
    const hasty = await openOverTcp()
    createWebSocketStream(hasty.webSocket, { closeTimeout: 0 }).destroy()
    expect(await hasty.peer.ended).toBe('end')
    hasty.peer.end()

    expect(await hasty.webSocket.completion).toMatchObject({ closeStatus: 1006 })
    expect(hasty.peer.frames).toEqual([])
  })

  it.each([20.5, 2 ** 31 + 10, 5e9])('honours a closeTimeout of %d: no socket stays open or is aborted early', async (closeTimeout) => {
    const { peer, webSocket } = await openOverTcp()
    createWebSocketStream(webSocket, { closeTimeout }).destroy()
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1000))
    const isLong = closeTimeout > 1000
    if (isLong) await peer.sendFrame(Opcode.Close, closePayload(1000))
    peer.end()

    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: isLong })
  })

  it('waits for closeTimeout at most when it ends and closes its socket', async () => {
    const { webSocket } = await openOverTcp()
    const stream = createWebSocketStream(webSocket, { closeTimeout: 20 })
    stream.end()

    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: false })
  })

  it('emits an error if the peer vanishes', async () => {
    const { webSocket, peer } = await openOverTcp()
    const reading = buffer(createWebSocketStream(webSocket, { ownsWebSocket: true }))
    peer.duplex.destroy()

    await expect(reading).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
  })

  it('emits an error if it writes to a socket that cannot send', async () => {
    const { webSocket } = await openOverTcp()
    const stream = createWebSocketStream(webSocket)
    await webSocket.closeOutputAsync(1000)
    stream.write('data')

    expect(await once(stream, 'error')).toMatchObject([{ code: 'ERR_WEBSOCKET_INVALID_STATE' }])
  })

  it('applies back pressure to writers while the peer does not read', async () => {
    const { webSocket, peer } = openInMemory({}, 10_000)
    peer.duplex.pause()
    let taken = 0
    const source = new Readable({
      read() {
        taken += 10_000
        this.push(taken > 2_000_000 ? null : Buffer.alloc(10_000))
      },
    })
    const piped = pipeline(source, createWebSocketStream(webSocket))
    for (let turn = 0; turn < 50; turn++) await setImmediate()

    expect(taken).toBeLessThan(500_000)
    peer.duplex.resume()
    await piped
    expect(taken).toBeGreaterThan(2_000_000)
  })

  it('applies back pressure to the peer while it is not read', async () => {
    const { webSocket, peer, stream: transport } = openInMemory()
    const stream = createWebSocketStream(webSocket)
    void peer.send(...Array.from({ length: 100 }, () => rawFrame(Opcode.Binary, Buffer.alloc(10_000))), rawFrame(Opcode.Close))
    await once(stream, 'readable')
    for (let turn = 0; turn < 50; turn++) await setImmediate()

    expect(transport.isPaused()).toBe(true)
    expect(stream.readableLength).toBeLessThan(100_000)
    expect(await buffer(stream)).toHaveLength(1_000_000)
  })

  it('pipes data through both roles byte for byte', async () => {
    const { server, client } = await openBothOverTcp()
    const data = Buffer.from(Array.from({ length: 500_000 }, (_, index) => (index * 2_654_435_761) >>> 24))
    const echo = createWebSocketStream(server, { ownsWebSocket: true })
    const echoed = pipeline(echo, new PassThrough(), echo)
    const stream = createWebSocketStream(client, { ownsWebSocket: true })
    const received = buffer(stream.pipe(createGunzip()))
    await pipeline(Readable.from([data.subarray(0, 7), data.subarray(7)]), createGzip(), stream)

    expect((await received).equals(data)).toBe(true)
    await echoed
    expect(await client.completion).toMatchObject({ wasClean: true })
  })

  it('throws an error for invalid options', async () => {
    const { webSocket } = await openOverTcp()

    expect(() => createWebSocketStream(webSocket, { closeTimeout: -1 })).toThrow(expect.objectContaining({ argument: 'closeTimeout' }))
    expect(() => createWebSocketStream(webSocket, { messageType: WebSocketMessageType.Close })).toThrow(
      expect.objectContaining({ argument: 'messageType' }),
    )
    // @ts-expect-error There is no such option.
    expect(() => createWebSocketStream(webSocket, { ownWebSocket: true })).toThrow(/ownsWebSocket/)
  })
})

describe('createReadableMessageStream', () => {
  it('reads one message and leaves the next one', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(
      rawFrame(Opcode.Binary, 'fi', { isFinal: false }),
      rawFrame(Opcode.Continuation, 'rst'),
      rawFrame(Opcode.Text, ''),
      rawFrame(Opcode.Text, 'x'.repeat(200_000)),
      rawFrame(Opcode.Text, 'last'),
    )

    expect(await text(createReadableMessageStream(webSocket))).toBe('first')
    expect(await text(createReadableMessageStream(webSocket))).toBe('')
    expect(await text(createReadableMessageStream(webSocket))).toBe('x'.repeat(200_000))
    expect(await nextMessage(webSocket)).toBe('last')
  })

  it('ends at once when the peer closes', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(1000))

    expect(await text(createReadableMessageStream(webSocket))).toBe('')
    expect(webSocket.state).toBe(WebSocketState.CloseReceived)
  })

  it('aborts the socket if it is destroyed before the end of the message, but not after it', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'whole')
    const whole = createReadableMessageStream(webSocket)
    await text(whole)
    whole.destroy()
    expect(webSocket.state).toBe(WebSocketState.Open)
    await peer.sendFrame(Opcode.Text, 'half', { isFinal: false })
    const half = createReadableMessageStream(webSocket)
    await once(half, 'data')
    half.destroy()

    await once(half, 'close')
    expect(webSocket.state).toBe(WebSocketState.Aborted)
  })

  it('emits an error if the socket fails', async () => {
    const { webSocket, peer } = await openOverTcp()
    const reading = text(createReadableMessageStream(webSocket))
    await peer.sendFrame(3)

    await expect(reading).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' })
  })
})

describe('createWritableMessageStream', () => {
  it('sends one message: each write as a fragment, and an empty last fragment at the end', async () => {
    const { webSocket, peer } = await openOverTcp()
    const stream = createWritableMessageStream(webSocket, WebSocketMessageType.Text)
    stream.write('one ')
    stream.end('two')
    await once(stream, 'finish')
    await webSocket.sendAsync('next')
    const frames = [await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame()]

    expect(frames.map(({ opcode, isFinal, payload }) => [opcode, isFinal, payload.toString()])).toEqual([
      [Opcode.Text, false, 'one '],
      [Opcode.Continuation, false, 'two'],
      [Opcode.Continuation, true, ''],
      [Opcode.Text, true, 'next'],
    ])
  })

  it('sends an empty message if nothing is written', async () => {
    const { webSocket, peer } = await openOverTcp()
    createWritableMessageStream(webSocket).end()

    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Binary, isFinal: true, payload: Buffer.alloc(0) })
  })

  it('aborts the socket if it is destroyed within its message, even while a fragment is being written', async () => {
    const { webSocket } = await openOverTcp()
    const stream = createWritableMessageStream(webSocket)
    stream.write('begun')
    await setImmediate()
    stream.destroy()
    await once(stream, 'close')
    expect(webSocket.state).toBe(WebSocketState.Aborted)

    const blocked = openInMemory({}, 1000)
    blocked.peer.duplex.pause()
    const other = createWritableMessageStream(blocked.webSocket)
    other.write(Buffer.alloc(100_000))
    await setImmediate()
    other.destroy()
    await once(other, 'close')
    expect(blocked.webSocket.state).toBe(WebSocketState.Aborted)
  })

  it('leaves the socket open if it is destroyed before or after its message', async () => {
    const { webSocket, peer } = await openOverTcp()
    createWritableMessageStream(webSocket).destroy()
    const stream = createWritableMessageStream(webSocket)
    stream.end('message')
    await once(stream, 'close')
    await webSocket.sendAsync('next')

    expect(webSocket.state).toBe(WebSocketState.Open)
    expect([await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame()].map(({ payload }) => payload.toString())).toEqual([
      'message',
      '',
      'next',
    ])
  })

  it('leaves the socket to its close handshake if it can no longer send', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(1000)
    const stream = createWritableMessageStream(webSocket)
    stream.write('late')

    expect(await once(stream, 'error')).toMatchObject([{ code: 'ERR_WEBSOCKET_INVALID_STATE' }])
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await webSocket.receiveAsync(Buffer.alloc(1))
    expect(webSocket.state).toBe(WebSocketState.Closed)
  })

  it('can be the end of a pipeline', async () => {
    const { server, client } = await openBothOverTcp()
    const chunks: Buffer[] = []
    const upperCase = new Transform({ transform: (chunk: Buffer, _encoding, callback) => callback(null, chunk.toString().toUpperCase()) })
    const sink = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk))
    const received = pipeline(createReadableMessageStream(server), upperCase, sink)
    await pipeline(Readable.from(['one ', 'two']), createWritableMessageStream(client))
    await received

    expect(Buffer.concat(chunks).toString()).toBe('ONE TWO')
  })

  it('throws an error for a message type that cannot be sent', async () => {
    const { webSocket } = await openOverTcp()

    expect(() => createWritableMessageStream(webSocket, WebSocketMessageType.Close)).toThrow(
      expect.objectContaining({ argument: 'messageType' }),
    )
  })
})

async function nextMessage(webSocket: ManagedWebSocket): Promise<unknown> {
  return (await webSocket[Symbol.asyncIterator]().next()).value
}
