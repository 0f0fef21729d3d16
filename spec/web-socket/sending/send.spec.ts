import { describe, expect, it, jest } from '@jest/globals'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { WebSocketMessageFlags } from '../../../lib/web-socket/values/web-socket-message-flags.ts'
import { WebSocketMessageType } from '../../../lib/web-socket/values/web-socket-message-type.ts'
import { WebSocketState } from '../../../lib/web-socket/values/web-socket-state.ts'
import { closePayload } from '../../support/raw-frames.ts'
import { until } from '../../support/until.ts'
import { openInMemory, openOverTcp } from '../../support/web-socket-pairs.ts'

const { Text, Binary } = WebSocketMessageType

describe('sendAsync', () => {
  it('sends a string as text and bytes as binary, in one final unmasked frame each', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.sendAsync('text')
    await webSocket.sendAsync(Buffer.of(1, 2))

    expect(await peer.nextFrame()).toEqual({ opcode: 1, payload: Buffer.from('text'), isFinal: true, reserved: 0, isMasked: false })
    expect(await peer.nextFrame()).toEqual({ opcode: 2, payload: Buffer.of(1, 2), isFinal: true, reserved: 0, isMasked: false })
  })

  it('sends bytes as text and a string as binary if the type says so', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.sendAsync(Buffer.from('text'), Text)
    await webSocket.sendAsync('bytes', Binary)

    expect(await peer.nextFrame()).toMatchObject({ opcode: 1, payload: Buffer.from('text') })
    expect(await peer.nextFrame()).toMatchObject({ opcode: 2, payload: Buffer.from('bytes') })
  })

  it('sends bytes of every supported type', async () => {
    const { webSocket, peer } = await openOverTcp()
    const memory = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer
    const shared = new SharedArrayBuffer(3)
    new Uint8Array(shared).set([7, 8, 9])
    await webSocket.sendAsync(memory)
    await webSocket.sendAsync(new DataView(memory, 1, 2))
    await webSocket.sendAsync(new Uint16Array(memory, 2, 2))
    await webSocket.sendAsync(shared)

    for (const bytes of [Buffer.from(memory), [2, 3], [3, 4, 5, 6], [7, 8, 9]]) {
      expect((await peer.nextFrame()).payload).toEqual(Buffer.from(bytes))
    }
  })

  it('sends a long view of shared memory', async () => {
    const { webSocket, peer } = await openOverTcp()
    const shared = new SharedArrayBuffer(100_000)
    new Uint8Array(shared).fill(7)
    await webSocket.sendAsync(shared)

    expect((await peer.nextFrame()).payload).toEqual(Buffer.alloc(100_000, 7))
  })

  it.each([0, 1, 125, 126, 127, 4096, 16_384, 16_385, 65_535, 65_536, 131_070, 1_000_000])('sends %d bytes', async (length) => {
    const { webSocket, peer } = await openOverTcp()
    const data = Buffer.alloc(length, 'payload')
    await webSocket.sendAsync(data)
    await webSocket.sendAsync(data.toString())

    expect((await peer.nextFrame()).payload.equals(data)).toBe(true)
    expect((await peer.nextFrame()).payload.equals(data)).toBe(true)
  })

  it.each([
    ['that is ASCII and has the greatest length of a short header', 'a'.repeat(125)],
    ['that needs a longer header in bytes than in characters', '\u00e9'.repeat(63)],
    ['with three bytes per character', '\u20ac'.repeat(125)],
    ['with surrogate pairs', '\u{1f600}'.repeat(40)],
    ['with a lone surrogate, which becomes U+FFFD', 'a\ud800b'],
    ['that is too long to be batched with others', '\u20ac'.repeat(16_384)],
    ['that is longer than a slab', '\u20ac'.repeat(40_000)],
  ])('sends text %s', async (_, text) => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.sendAsync(text)
    await webSocket.sendAsync('next')

    expect((await peer.nextFrame()).payload).toEqual(Buffer.from(text))
    expect((await peer.nextFrame()).payload.toString()).toBe('next')
  })

  it('writes everything that is sent in one turn at once', async () => {
    const { webSocket, peer, stream } = await openOverTcp()
    const written: number[] = []
    const write = stream._write.bind(stream)
    stream._write = (chunk: Buffer, encoding, callback) => {
      written.push(chunk.length)
      write(chunk, encoding, callback)
    }
    for (let index = 0; index < 100; index++) await webSocket.sendAsync(`message ${index % 10}`)
    await peer.nextFrame()

    expect(written).toEqual([100 * 11])
  })

  it('copies small data at once, and uses large data until it resolves', async () => {
    const { webSocket, peer } = await openOverTcp()
    const small = Buffer.alloc(10, 'a')
    const large = Buffer.alloc(1_000_000, 'b')
    void webSocket.sendAsync(small)
    small.fill('x')
    await webSocket.sendAsync(large)
    large.fill('x')

    expect((await peer.nextFrame()).payload.equals(Buffer.alloc(10, 'a'))).toBe(true)
    expect((await peer.nextFrame()).payload.equals(Buffer.alloc(1_000_000, 'b'))).toBe(true)
  })

  it('sends a message in fragments and ignores the type of the later ones', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.sendAsync('a', undefined, false)
    await webSocket.sendAsync('b', Binary, WebSocketMessageFlags.None)
    await webSocket.sendAsync(Buffer.from('c'), undefined, WebSocketMessageFlags.EndOfMessage)
    await webSocket.sendAsync('d')
    const frames = [await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame()]

    expect(frames.map(({ opcode, isFinal, payload }) => [opcode, isFinal, payload.toString()])).toEqual([
      [Opcode.Text, false, 'a'],
      [Opcode.Continuation, false, 'b'],
      [Opcode.Continuation, true, 'c'],
      [Opcode.Text, true, 'd'],
    ])
  })

  it('sends pings, pongs and a Close frame between fragments', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.sendAsync('a', undefined, false)
    await peer.nextFrame()
    await peer.sendFrame(Opcode.Ping, 'ping')

    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Pong, payload: Buffer.from('ping') })

    void webSocket.pingAsync()
    void webSocket.sendAsync('b', undefined, false)
    await webSocket.closeOutputAsync(1000)
    const opcodes = [await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame()].map(({ opcode }) => opcode)

    expect(opcodes).toEqual([Opcode.Ping, Opcode.Continuation, Opcode.Close])
  })

  it('sends small and large data and the Close frame in the order of the calls', async () => {
    const { webSocket, peer } = openInMemory({}, 1000)
    const sizes = Array.from({ length: 60 }, (_, index) => [1, 500, 20_000][index % 3] ?? 0)
    const sent = sizes.map((size, index) => webSocket.sendAsync(Buffer.alloc(size, index)))
    const closed = webSocket.closeOutputAsync(1000)
    for (const [index, size] of sizes.entries()) expect((await peer.nextFrame()).payload.equals(Buffer.alloc(size, index))).toBe(true)
    await Promise.all([...sent, closed])

    expect((await peer.nextFrame()).opcode).toBe(Opcode.Close)
  })

  it('waits for a slow peer, with bounded memory and a correct bufferedAmount', async () => {
    const { webSocket, peer, stream } = openInMemory({}, 10_000)
    peer.duplex.pause()
    let sentCount = 0
    const sending = (async () => {
      for (; sentCount < 1000; sentCount++) await webSocket.sendAsync(Buffer.alloc(1000))
    })()
    // What the peer's stream buffers is no longer ours.
    while (!stream.writableNeedDrain) await new Promise(setImmediate)
    await new Promise(setImmediate)

    expect(sentCount).toBeLessThan(200)
    expect(webSocket.bufferedAmount).toBeGreaterThanOrEqual(stream.writableLength)
    expect(webSocket.bufferedAmount).toBeLessThan(200_000)
    peer.duplex.resume()
    await sending
    for (let count = 0; count < 1000; count++) await peer.nextFrame()

    expect(webSocket.bufferedAmount).toBe(0)
  })

  it.each([
    ['long text', 'x'.repeat(20_000)],
    ['long bytes', Buffer.alloc(20_000)],
    ['short text', 'x'.repeat(1000)],
  ])('does not let a loop that only awaits sends run ahead of the transport, with %s', async (_, data) => {
    for (const isServer of [true, false]) {
      const { webSocket, peer } = openInMemory({ isServer }, 10_000)
      peer.duplex.pause()
      let most = 0
      const sending = (async () => {
        for (let count = 0; count < 300; count++) {
          await webSocket.sendAsync(data)
          most = Math.max(most, webSocket.bufferedAmount)
        }
      })()
      await new Promise(setImmediate)
      peer.duplex.resume()
      await sending

      expect(most).toBeLessThan(200_000)
    }
  })

  it('does not block if the high-water mark of the stream is 0', async () => {
    const { webSocket, peer } = openInMemory({}, 0)
    await webSocket.sendAsync('a')
    await webSocket.sendAsync('b')

    expect((await peer.nextFrame()).payload.toString()).toBe('a')
    expect((await peer.nextFrame()).payload.toString()).toBe('b')
  })

  it('rejects queued sends and the one being written if the peer resets the connection', async () => {
    const { webSocket, peer } = await openOverTcp()
    peer.duplex.pause()
    const large = webSocket.sendAsync(Buffer.alloc(30_000_000))
    const waiting = webSocket.sendAsync('text')
    peer.duplex.destroy()

    await expect(large).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    expect(webSocket.state).toBe(WebSocketState.Aborted)
  })

  it('waits for a stream that was full from the start', async () => {
    const written: (() => void)[] = []
    const stream = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, callback) => void written.push(callback),
      highWaterMark: 10,
    })
    stream.write('x'.repeat(10))
    const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true })
    const isSent = jest.fn()
    const sent = webSocket.sendAsync('text').then(isSent)
    await new Promise((resolve) => setImmediate(resolve))
    expect(isSent).not.toHaveBeenCalled()
    expect(webSocket.bufferedAmount).toBe(14)

    written[0]?.()
    await sent
    await until(() => written.length === 2)
    stream.destroy()
  })

  it('rejects with the error of the stream as cause if a write fails', async () => {
    const cause = new Error('EPIPE')
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback(cause) })
    const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true })

    await expect(webSocket.sendAsync(Buffer.alloc(100_000))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', cause })
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1006, error: { cause } })
    expect(webSocket.state).toBe(WebSocketState.Aborted)
  })

  it('rejects queued sends and the one being written if the socket is aborted', async () => {
    const { webSocket, peer } = await openOverTcp()
    peer.duplex.pause()
    const large = webSocket.sendAsync(Buffer.alloc(30_000_000))
    const waiting = webSocket.sendAsync('text')
    webSocket.abort()

    await expect(large).rejects.toMatchObject({ code: 'ABORT_ERR', name: 'AbortError' })
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' })
  })

  it('rejects all sends being written, in order, if the socket is aborted', async () => {
    const stream = new Duplex({ read: () => undefined, write: () => undefined, writableHighWaterMark: 1_000_000 })
    const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true })
    const rejected: [index: number, error: unknown][] = []
    const sends = [0, 1, 2, 3, 4].map((index) =>
      webSocket.sendAsync(Buffer.alloc(100_000)).catch((error: unknown) => rejected.push([index, error])),
    )
    webSocket.abort()
    await Promise.all(sends)

    expect(rejected).toEqual([0, 1, 2, 3, 4].map((index) => [index, expect.objectContaining({ code: 'ABORT_ERR' })]))
  })

  it('completes the send being written and rejects queued ones if the socket is disposed', async () => {
    const { webSocket, peer } = openInMemory({}, 1000)
    const large = webSocket.sendAsync(Buffer.alloc(3_000_000))
    const waiting = webSocket.sendAsync('text')
    webSocket.dispose()

    await expect(waiting).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    await large
    expect((await peer.remainingFrames()).map(({ payload }) => payload.length)).toEqual([3_000_000])
  })

  it('sends in state CloseReceived until its own Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.sendAsync('last words')
    await webSocket.closeOutputAsync(1000)

    await expect(webSocket.sendAsync('more')).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
    expect((await peer.remainingFrames()).map(({ opcode }) => opcode)).toEqual([Opcode.Text, Opcode.Close])
  })

  it('checks its arguments in the order type, flags, data, continuation', async () => {
    const { webSocket } = await openOverTcp()
    await webSocket.sendAsync('a', Text, WebSocketMessageFlags.DisableCompression)
    const calls: [data: unknown, type: unknown, flags: unknown, argument: string][] = [
      [1, 2, 4, 'messageType'],
      [1, '1', 4, 'messageType'],
      [1, null, 4, 'messageFlags'],
      [1, 0, 'true', 'messageFlags'],
      [1, 0, true, 'data'],
      [null, 0, true, 'data'],
      ['a', 0, true, 'messageFlags'],
    ]
    for (const [data, type, flags, argument] of calls) {
      // @ts-expect-error None of them is valid.
      await expect(webSocket.sendAsync(data, type, flags)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument })
    }
    await webSocket.sendAsync('b', Text, 3)
    await webSocket.sendAsync('c')
  })

  it('names the argument, its value and the remedy in the error message', async () => {
    const { webSocket } = await openOverTcp()

    await expect(webSocket.sendAsync('a', WebSocketMessageType.Close)).rejects.toThrow(
      "The argument 'messageType' must be WebSocketMessageType.Text or WebSocketMessageType.Binary; to close the WebSocket, use closeOutputAsync() or closeAsync(). Received 2",
    )
  })

  it('continues when the transport drains', async () => {
    const { webSocket, peer, stream } = openInMemory({}, 1000)
    peer.duplex.pause()
    await webSocket.sendAsync(Buffer.alloc(5000))
    await new Promise(setImmediate)
    const waiting = webSocket.sendAsync('text')

    expect(webSocket.bufferedAmount).toBe(stream.writableLength + 4)
    peer.duplex.resume()
    await Promise.all([waiting, once(stream, 'drain')])
    await peer.nextFrame()

    expect((await peer.nextFrame()).payload.toString()).toBe('text')
  })
})
