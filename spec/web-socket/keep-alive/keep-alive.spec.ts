import type { Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { WebSocketState } from '../../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import { until } from '../../support/until.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../../support/web-socket-pairs.ts'

const { Open, Aborted } = WebSocketState

describe('keep-alive without a timeout', () => {
  it('pings at every interval, answered or not, with a counter of 8 bytes', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5 })
    const counters = [await nextCounter(peer), await nextCounter(peer), await nextCounter(peer)]

    expect(counters).toEqual([1n, 2n, 3n])
    expect(webSocket.state).toBe(Open)
  })

  it.each([0, Infinity])('does not ping with an interval of %d', async (keepAliveInterval) => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval, keepAliveTimeout: 1 })
    await delay(30)
    await webSocket.sendAsync('text')

    expect((await peer.nextFrame()).opcode).toBe(Opcode.Text)
  })

  it("pings neither after our Close frame nor after the peer's", async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5 })
    await webSocket.closeOutputAsync(1000)
    while ((await peer.nextFrame()).opcode !== Opcode.Close);
    await delay(30)

    expect(peer.frames).toEqual([])
    const other = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 10 })
    await other.peer.sendFrame(Opcode.Close, closePayload(1000))
    await other.webSocket.receiveAsync(Buffer.alloc(1))
    await delay(50)
    await other.webSocket.closeAsync(1000)

    expect((await other.peer.remainingFrames()).at(-1)).toMatchObject({ opcode: Opcode.Close, payload: closePayload(1000) })
  })

  it('accepts an interval that is longer than the longest timer', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 2 ** 40 })
    await delay(30)
    await webSocket.sendAsync('text')

    expect((await peer.nextFrame()).opcode).toBe(Opcode.Text)
  })
})

describe('the round-trip time', () => {
  it('is that of the last answered ping, whether keep-alive or the application sent it', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5 })
    expect(webSocket.roundTripTime).toBe(undefined)
    const { payload } = await peer.nextFrame()
    await peer.sendFrame(Opcode.Pong, payload)
    await until(() => webSocket.roundTripTime !== undefined)
    expect(webSocket.roundTripTime).toBeGreaterThan(0)
    const other = await openBothOverTcp({ keepAliveInterval: 0 })
    const time = await other.server.pingAsync()
    expect(other.server.roundTripTime).toBeLessThanOrEqual(time)
  })

  it('is not changed by an unsolicited or a repeated pong', async () => {
    const { webSocket, peer } = await openOverTcp()
    const pinged = webSocket.pingAsync()
    const { payload } = await peer.nextFrame()
    await peer.sendFrame(Opcode.Pong, Buffer.alloc(8, 0))
    await peer.sendFrame(Opcode.Pong, Buffer.from([0, 0, 0, 0, 0, 0, 0, 9]))
    await peer.sendFrame(Opcode.Pong, payload)
    await pinged
    const time = webSocket.roundTripTime
    await peer.sendFrame(Opcode.Pong, payload)
    await peer.sendFrame(Opcode.Text, 'behind it')
    await webSocket.receiveAsync(Buffer.alloc(10))
    expect(webSocket.roundTripTime).toBe(time)
  })
})

describe('keep-alive with a timeout', () => {
  it('aborts the connection without a Close frame if the peer does not answer', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 20 })
    const received = webSocket.receiveAsync(Buffer.alloc(1))
    const died = { code: 'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT', webSocketErrorCode: 2 }

    await expect(received).rejects.toMatchObject({ code: 'ABORT_ERR', cause: died })
    expect(webSocket.state).toBe(Aborted)
    await expect(webSocket.sendAsync('text')).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE', cause: died })
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1006, wasClean: false, endedBy: 'local', error: died })
    expect((await peer.remainingFrames()).map(({ opcode }) => opcode)).toEqual([Opcode.Ping])
  })

  it('keeps the connection if the peer answers, even without a receive', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 2000 })
    for (let count = 1n; count <= 10n; count++) await answerPing(peer)

    expect(webSocket.state).toBe(Open)
  })

  it('finds the pong behind unread data', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 2000 })
    await peer.send(rawFrame(Opcode.Text, 'unread', { isFinal: false }), rawFrame(Opcode.Continuation, Buffer.alloc(10_000, 'x')))
    for (let count = 1n; count <= 10n; count++) await answerPing(peer)

    expect(webSocket.state).toBe(Open)
    expect(await webSocket.receiveAsync(Buffer.alloc(9))).toMatchObject({ count: 6 })
  })

  it.each<[string, (peer: RawPeer) => Promise<void>]>([
    ['a message', (peer) => peer.sendFrame(Opcode.Text, 'text')],
    ['a part of a frame', (peer) => peer.send(Buffer.of(0x82))],
    ['a ping', (peer) => peer.sendFrame(Opcode.Ping)],
    ['an unsolicited pong', (peer) => peer.sendFrame(Opcode.Pong, counterPayload(9n))],
  ])('takes %s for a sign of life, and pings again', async (_, answer) => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 20, keepAliveTimeout: 200 })
    const startedAt = performance.now()
    while (performance.now() < startedAt + 400) {
      if ((await peer.nextFrame()).opcode === Opcode.Ping) await answer(peer)
    }

    expect(webSocket.state).toBe(Open)
    expect(await webSocket.completion).toMatchObject({ error: { code: 'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT' } })
  })

  it('says in its error message how long the peer was silent', async () => {
    const { webSocket } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 20 })

    expect((await webSocket.completion).error?.message).toBe(
      'The peer gave no sign of life for the keepAliveInterval of 5 ms, and then none within the keepAliveTimeout of 20 ms',
    )
  })

  it('accepts the pong of a later ping by the application', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 300 })
    const first = await nextCounter(peer)
    const pinged = webSocket.pingAsync()
    expect([first, await nextCounter(peer)]).toEqual([1n, 2n])
    await peer.sendFrame(Opcode.Pong, counterPayload(2n))
    await pinged
    // The next ping follows before any time-out, which ends the wait for the first pong.
    await answerPing(peer)

    expect(webSocket.state).toBe(Open)
  })

  it('does not abort because of a late pong if the pong of the next ping arrives in time', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 2000 })
    const late = (await peer.nextFrame()).payload
    await peer.sendFrame(Opcode.Pong, late)
    await peer.nextFrame()
    await peer.sendFrame(Opcode.Pong, late)
    await peer.sendFrame(Opcode.Pong, counterPayload(2n))
    await answerPing(peer)

    expect(webSocket.state).toBe(Open)
  })

  it('pings an idle connection only: data from the peer counts as a sign of life', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 1000, keepAliveTimeout: 1000 })
    const startedAt = performance.now()
    while (performance.now() < startedAt + 1200) {
      await peer.sendFrame(Opcode.Binary, 'x')
      await webSocket.receiveAsync(Buffer.alloc(1))
      await delay(10)
    }

    expect(peer.frames).toEqual([])
  })

  it('pings at every interval while it is not reading and nothing is queued, and so detects a reset', async () => {
    const { webSocket, peer, stream } = await openOverTcp({ keepAliveInterval: 20, keepAliveTimeout: 40 })
    void peer.sendFrame(Opcode.Binary, Buffer.alloc(200_000))
    for (let count = 0; count < 5; count++) await nextCounter(peer)
    expect([webSocket.state, stream.isPaused()]).toEqual([Open, true])
    ;(peer.duplex as Socket).resetAndDestroy()

    expect(await webSocket.completion).toMatchObject({ closeStatus: 1006, error: { code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' } })
  })

  it('waits for the full time-out again after it has resumed reading', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 100, keepAliveTimeout: 100 })
    await peer.sendFrame(Opcode.Binary, Buffer.alloc(200_000))
    for (let count = 0; count < 4; count++) await nextCounter(peer)
    const startedAt = performance.now()
    for (let rest = 200_000; rest > 0;) rest -= (await webSocket.receiveAsync(Buffer.alloc(rest))).count
    await webSocket.completion

    expect(performance.now() - startedAt).toBeGreaterThan(150)
  })

  it('does not take the peer for dead if the transport was paused locally', async () => {
    const { webSocket, peer } = openInMemory({ keepAliveInterval: 5, keepAliveTimeout: 20 })
    void peer.sendFrame(Opcode.Binary, Buffer.alloc(200_000))
    const pong = peer.sendFrame(Opcode.Pong, (await peer.nextFrame()).payload)
    await delay(100)

    expect(webSocket.state).toBe(Open)
    for (let rest = 200_000; rest > 0;) rest -= (await webSocket.receiveAsync(Buffer.alloc(rest))).count
    await pong
    expect(webSocket.state).toBe(Open)
  })

  it('reads once more before it aborts if the process was busy past the time-out', async () => {
    const { webSocket, peer } = await openOverTcp({ keepAliveInterval: 5, keepAliveTimeout: 50 })
    const { payload } = await peer.nextFrame()
    peer.duplex.cork()
    const sent = peer.sendFrame(Opcode.Pong, payload)
    peer.duplex.uncork()
    const end = performance.now() + 100
    while (performance.now() < end);
    await sent
    await answerPing(peer)

    expect(webSocket.state).toBe(Open)
  })
})

describe('pingAsync', () => {
  it('resolves with the round-trip time, in milliseconds', async () => {
    const { webSocket, peer } = await openOverTcp()
    const startedAt = performance.now()
    const pinged = webSocket.pingAsync()
    const { payload } = await peer.nextFrame()
    await delay(20)
    await peer.sendFrame(Opcode.Pong, payload)
    const roundTripTime = await pinged

    expect(roundTripTime).toBeGreaterThan(15)
    expect(roundTripTime).toBeLessThanOrEqual(performance.now() - startedAt)
  })

  it('resolves with or without a pending receive', async () => {
    const { webSocket, peer } = await openOverTcp()
    void webSocket.pingAsync()
    await answerPing(peer)
    const received = webSocket.receiveAsync(Buffer.alloc(9))
    const pinged = webSocket.pingAsync()
    await answerPing(peer)
    await pinged
    await peer.sendFrame(Opcode.Text, 'text')

    expect(await received).toMatchObject({ count: 4 })
  })

  it('resolves when the pong of a later ping arrives', async () => {
    const { webSocket, peer } = await openOverTcp()
    const pinged = Promise.all([webSocket.pingAsync(), webSocket.pingAsync(), webSocket.pingAsync()])
    const last = webSocket.pingAsync()
    await peer.sendFrame(Opcode.Pong, counterPayload(3n))

    expect(await pinged).toHaveLength(3)
    await peer.sendFrame(Opcode.Pong, counterPayload(4n))
    await last
  })

  it.each([
    ['is aborted', 'ABORT_ERR', (webSocket) => webSocket.abort()],
    ['is disposed', 'ERR_WEBSOCKET_CLOSED_PREMATURELY', (webSocket) => webSocket.dispose()],
    ['loses its peer', 'ERR_WEBSOCKET_CLOSED_PREMATURELY', (_, peer) => peer.duplex.destroy()],
    ['receives an invalid frame', 'ERR_WEBSOCKET_PROTOCOL_ERROR', (webSocket, peer) => violate(webSocket, peer)],
    ['receives a Close frame', 'ERR_WEBSOCKET_INVALID_STATE', (webSocket, peer) => receiveClose(webSocket, peer)],
  ] satisfies [string, string, (...pair: Parameters<typeof violate>) => unknown][])('rejects if the socket %s', async (_, code, end) => {
    const { webSocket, peer } = await openOverTcp()
    const pinged = webSocket.pingAsync()
    await end(webSocket, peer)

    await expect(pinged).rejects.toMatchObject({ code })
  })
})

describe('a ping of the peer', () => {
  it('is answered with its payload without a receive', async () => {
    const { peer } = await openOverTcp()
    for (const payload of ['', 'x', 'y'.repeat(125)]) {
      await peer.sendFrame(Opcode.Ping, payload)

      expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Pong, payload: Buffer.from(payload) })
    }
  })

  it('is answered in order by a receive', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(rawFrame(Opcode.Text, 'first'), rawFrame(Opcode.Ping, 'ping'), rawFrame(Opcode.Text, 'second'))
    await webSocket.receiveAsync(Buffer.alloc(9))
    await webSocket.sendAsync('answer')
    await webSocket.receiveAsync(Buffer.alloc(9))

    expect((await peer.nextFrame()).payload.toString()).toBe('answer')
    expect((await peer.nextFrame()).opcode).toBe(Opcode.Pong)
  })

  it('is answered once behind unread data, and does not count towards the read-ahead limit', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'unread')
    for (let count = 0; count < 1000; count++) {
      await peer.sendFrame(Opcode.Ping, `${count}`.padEnd(100))
      expect((await peer.nextFrame()).payload.toString()).toBe(`${count}`.padEnd(100))
    }
    expect(await webSocket.receiveAsync(Buffer.alloc(9))).toMatchObject({ count: 6, endOfMessage: true })
    await peer.sendFrame(Opcode.Text, 'next')
    expect(await webSocket.receiveAsync(Buffer.alloc(9))).toMatchObject({ count: 4, endOfMessage: true })

    expect(peer.frames).toEqual([])
  })

  it('is answered within a fragmented message that is being received', async () => {
    const { webSocket, peer } = await openOverTcp()
    const message = webSocket[Symbol.asyncIterator]().next()
    await peer.send(rawFrame(Opcode.Text, 'a', { isFinal: false }), rawFrame(Opcode.Ping, 'ping'))
    await peer.nextFrame()
    await peer.sendFrame(Opcode.Continuation, 'b')

    expect(await message).toEqual({ done: false, value: 'ab' })
  })

  it('is dropped for a later one while the transport is full', async () => {
    const { webSocket, peer } = openInMemory({}, 1000)
    void webSocket.receiveAsync(Buffer.alloc(1)).catch(() => undefined)
    peer.duplex.pause()
    await webSocket.sendAsync(Buffer.alloc(5000))
    await new Promise(setImmediate)
    for (let count = 0; count < 1000; count++) await peer.sendFrame(Opcode.Ping, `${count}`)

    expect(webSocket.bufferedAmount).toBeLessThan(6000)
    peer.duplex.resume()
    await peer.nextFrame()

    expect((await peer.nextFrame()).payload.toString()).toBe('999')
    expect(peer.frames).toEqual([])
  })

  it('is answered by a client with a masked pong', async () => {
    const { peer } = await openOverTcp({ isServer: false })
    await peer.sendFrame(Opcode.Ping, 'ping')

    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Pong, payload: Buffer.from('ping'), isMasked: true })
  })
})

type Pair = Awaited<ReturnType<typeof openOverTcp>>

async function violate(webSocket: Pair['webSocket'], peer: RawPeer): Promise<void> {
  await peer.sendFrame(3)
  await webSocket.receiveAsync(Buffer.alloc(1)).catch(() => undefined)
}

async function receiveClose(webSocket: Pair['webSocket'], peer: RawPeer): Promise<void> {
  await peer.sendFrame(Opcode.Close, closePayload(1000))
  await webSocket.receiveAsync(Buffer.alloc(1))
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds))
}

function counterPayload(counter: bigint): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeBigUInt64BE(counter)
  return payload
}

async function nextCounter(peer: RawPeer): Promise<bigint> {
  const { opcode, payload } = await peer.nextFrame()
  expect([opcode, payload.length]).toEqual([Opcode.Ping, 8])
  return payload.readBigUInt64BE()
}

async function answerPing(peer: RawPeer): Promise<void> {
  await peer.sendFrame(Opcode.Pong, counterPayload(await nextCounter(peer)))
}
