import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, parseFrames, rawFrame } from '../support/raw-frames.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

const { Open, CloseSent, CloseReceived, Closed, Aborted } = WebSocketState
const byPeer = { closeStatus: 4000, closeStatusDescription: 'bye', wasClean: true, endedBy: 'remote', error: undefined }
const SOON = { closeAnswerTimeout: 20 }

/** Closes as a client: waits for the answer and the end, then ends its side. Returns the texts, and the payload of each Close frame. */
async function close(peer: RawPeer, payload = closePayload(4000, 'bye')): Promise<string[]> {
  peer.duplex.on('end', () => peer.end())
  await peer.sendFrame(Opcode.Close, payload)
  return readToEnd(peer)
}

async function readToEnd(peer: RawPeer): Promise<string[]> {
  const frames = await peer.remainingFrames()
  return frames.map(({ opcode, payload }) => (opcode === Opcode.Close ? `Close ${payload.toString('hex')}` : payload.toString()))
}

const answered = `Close ${closePayload(4000, 'bye').toString('hex')}`

describe('a loop that ends with the Close frame of the peer', () => {
  it('answers with the code of the peer at the end of the turn, and ends the connection', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: Infinity, closeTimeout: Infinity })
    const frames = close(peer)
    for await (const message of webSocket) expect(message).toBeUndefined()
    const { state } = webSocket

    expect(state).toBe(CloseReceived)
    expect(await webSocket.completion).toEqual(byPeer)
    expect(await frames).toEqual([answered])
    expect(webSocket.state).toBe(Closed)
  })

  it('answers when data that is in flight has left', async () => {
    const written: Buffer[] = []
    const held: (() => void)[] = []
    const duplex = new Duplex({
      highWaterMark: 1_000_000,
      read: () => undefined,
      write: (chunk: Buffer, _encoding, callback) => {
        written.push(chunk)
        held.push(callback)
      },
    })
    const webSocket = ManagedWebSocket.createFromStream(duplex, { isServer: true })
    duplex.push(Buffer.concat([rawFrame(Opcode.Text, 'message'), rawFrame(Opcode.Close, closePayload(4000, 'bye'))]))
    for await (const _message of webSocket) void webSocket.sendAsync(Buffer.alloc(20_000))
    await new Promise((resolve) => setImmediate(resolve))
    expect([webSocket.state, parseFrames(Buffer.concat(written)).frames.length]).toEqual([CloseReceived, 0])

    while (webSocket.state === CloseReceived) {
      held.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(parseFrames(Buffer.concat(written)).frames.map(({ opcode }) => opcode)).toEqual([Opcode.Binary, Opcode.Close])
  })

  it.each([
    ['messages', {}],
    ['compressed messages', { dangerousDeflateOptions: {} }],
  ])('sends the answer after %s that the application awaits one by one, and uses the code of its closeAsync()', async (_, options) => {
    const { server, client } = await openBothOverTcp(options)
    const received = (async () => {
      const messages: unknown[] = []
      for await (const message of client) messages.push(typeof message === 'string' ? message : message.length)
      return messages
    })()
    const closed = client.closeOutputAsync(4000)
    for await (const message of server) expect(message).toBeUndefined()
    await server.sendAsync('last')
    await server.sendAsync(Buffer.alloc(100_000))
    await server.sendAsync(Buffer.alloc(10_000_000))
    await server.sendAsync('words')
    await server.closeAsync(4001, 'see you')
    await closed

    expect(await received).toEqual(['last', 100_000, 10_000_000, 'words'])
    expect(await client.completion).toMatchObject({ closeStatus: 4001, closeStatusDescription: 'see you', wasClean: true })
  })

  it('answers an empty Close frame with an empty one, and reports 1000 to the application', async () => {
    const { webSocket, peer } = await openOverTcp()
    const frames = close(peer, Buffer.alloc(0))
    for await (const message of webSocket) expect(message).toBeUndefined()

    expect(webSocket.closeStatus).toBe(1000)
    expect(await frames).toEqual(['Close '])
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: true })
  })

  it('lets the application close or dispose the socket later without an error', async () => {
    const { webSocket, peer } = await openOverTcp()
    const frames = close(peer)
    for await (const message of webSocket) expect(message).toBeUndefined()
    await until(() => webSocket.state === Closed)
    await webSocket.closeOutputAsync(4001)
    await webSocket.closeAsync(4002)
    await webSocket[Symbol.asyncDispose]()

    expect(await frames).toEqual([answered])
    await expect(webSocket.sendAsync('late')).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })

  it('gives up after closeTimeout if earlier messages cannot be written', async () => {
    const { webSocket, peer } = openInMemory({ closeTimeout: 20 }, 1000)
    peer.duplex.pause()
    const sent = webSocket.sendAsync(Buffer.alloc(1_000_000))
    await peer.sendFrame(Opcode.Close, closePayload(4000))
    for await (const message of webSocket) expect(message).toBeUndefined()

    await expect(sent).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: false, endedBy: 'remote' })
  })

  it('answers a Close frame that receiveAsync has already returned', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: Infinity })
    const frames = close(peer)
    const [result] = await Promise.all([webSocket.receiveAsync(Buffer.alloc(1)), webSocket[Symbol.asyncIterator]().next()])

    expect(result).toMatchObject({ closeStatus: 4000 })
    expect(await frames).toEqual([answered])
  })
})

describe('a Close frame that receiveAsync has returned', () => {
  it('is answered automatically after closeAnswerTimeout', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, closeTimeout: Infinity })
    const frames = close(peer)
    await webSocket.receiveAsync(Buffer.alloc(1))

    expect(await webSocket.completion).toEqual(byPeer)
    expect(await frames).toEqual([answered])
  })

  it('can be answered by the application until then', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: 60_000 })
    const frames = close(peer)
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.sendAsync('last words')
    await webSocket.closeAsync(4001)

    expect(await frames).toEqual(['last words', `Close ${closePayload(4001).toString('hex')}`])
    expect(await webSocket.completion).toEqual(byPeer)
  })
})

describe('a Close frame that is not received', () => {
  it.each([
    ['alone', []],
    ['behind messages', [rawFrame(Opcode.Text, 'first'), rawFrame(Opcode.Ping), rawFrame(Opcode.Text, 'second')]],
  ])('is answered after closeAnswerTimeout: %s', async (_, before) => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, closeTimeout: Infinity })
    await peer.send(...before)
    const frames = close(peer)

    expect(await webSocket.completion).toEqual(byPeer)
    expect((await frames).filter((frame) => frame !== '')).toEqual([answered])
    expect([webSocket.state, webSocket.closeStatus]).toEqual([CloseSent, null])
  })

  it.each([
    ['', {}],
    [', compressed', { dangerousDeflateOptions: {} }],
  ])('leaves the messages in front of it to a later receive%s', async (_, options) => {
    const { server, client } = await openBothOverTcp({ ...options, closeAnswerTimeout: 20 })
    await client.sendAsync('first')
    await client.sendAsync('second')
    await client.closeAsync(4000, 'bye')
    expect(await server.completion).toEqual(byPeer)
    const messages: unknown[] = []
    for await (const message of server) messages.push(message)

    expect(messages).toEqual(['first', 'second'])
    expect([server.state, server.closeStatus, server.closeStatusDescription]).toEqual([Closed, 4000, 'bye'])
    await server.closeAsync(4001)
  })

  it('is answered if it arrives after a loop was left', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    await peer.sendFrame(Opcode.Text, 'only')
    for await (const message of webSocket) {
      expect(message).toBe('only')
      break
    }

    expect(await close(peer)).toEqual([answered])
  })

  it('is answered when a loop was not begun', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, closeTimeout: 60_000 })
    webSocket[Symbol.asyncIterator]()

    expect(await close(peer)).toEqual([answered])
  })

  it('is answered if it has arrived before a loop is left', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    await peer.send(rawFrame(Opcode.Text, 'only'), rawFrame(Opcode.Text, 'unread'))
    const frames = close(peer)
    for await (const message of webSocket) {
      expect(message).toBe('only')
      await until(() => webSocket.state === Open)
      break
    }

    expect(await frames).toEqual([answered])
  })

  it.each<[string, (webSocket: ManagedWebSocket) => unknown]>([
    ['', () => undefined],
    [', also after an iterator was left without use', (webSocket) => webSocket[Symbol.asyncIterator]().return?.()],
  ])('is answered after closeTimeout at the latest, even if a loop is busy with a message%s', async (_, prepare) => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: 1, closeTimeout: 100 })
    await prepare(webSocket)
    await peer.send(rawFrame(Opcode.Text, 'request'), rawFrame(Opcode.Text, 'last request'))
    const frames = close(peer)
    let count = 0
    for await (const message of webSocket) {
      await new Promise((resolve) => void setTimeout(resolve, 30))
      if (count++ === 0) await webSocket.sendAsync(`answer to ${String(message)}`)
      // Longer than the peer waits.
      else await frames
    }

    expect(await frames).toEqual(['answer to request', answered])
    expect(await webSocket.completion).toEqual(byPeer)
  })

  it('is not answered while the application keeps receiving', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: 60 })
    const buffer = Buffer.alloc(10)
    await peer.send(...Array.from({ length: 10 }, () => rawFrame(Opcode.Text, 'text')))
    const frames = close(peer)
    for (let count = 0; (await webSocket.receiveAsync(buffer)).closeStatus === null; count++) {
      await new Promise((resolve) => void setTimeout(resolve, 20))
      await webSocket.sendAsync(String(count))
    }

    expect(await frames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', answered])
  })

  it('ends the connection if the application has sent a Close frame already', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, closeTimeout: 60_000 })
    await webSocket.closeOutputAsync(4001)
    expect(await close(peer)).toEqual([`Close ${closePayload(4001).toString('hex')}`])

    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: true, endedBy: 'local' })
    expect((await webSocket.receiveAsync(Buffer.alloc(1))).closeStatus).toBe(4000)
    await expect(webSocket.closeOutputAsync(4002)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })

  it('rejects pings that wait for an answer', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    const ping = webSocket.pingAsync()
    await peer.nextFrame()
    void close(peer)

    await expect(ping).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })

  it('ends the connection with an error if it is invalid', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    expect(await close(peer, Buffer.alloc(1))).toEqual([`Close ${closePayload(1002).toString('hex')}`])

    expect(await webSocket.completion).toMatchObject({ wasClean: false, error: { code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' } })
  })

  it('is answered even if the peer has ended its side after it', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    await peer.send(rawFrame(Opcode.Text, 'unread'), rawFrame(Opcode.Close, closePayload(4000, 'bye')))
    peer.end()

    expect(await readToEnd(peer)).toEqual([answered])
    expect(await webSocket.completion).toEqual(byPeer)
  })

  it.each([
    ['dispose()', 'dispose', Closed],
    ['abort()', 'abort', Closed],
    ['await using', Symbol.asyncDispose, Closed],
  ] as const)('lets the application call %s, which drops the messages not received', async (_, method, state) => {
    const { webSocket, peer } = await openOverTcp(SOON)
    await peer.sendFrame(Opcode.Text, 'unread')
    await close(peer)
    await webSocket.completion
    await webSocket[method]()

    expect([webSocket.state, webSocket.closeStatus]).toEqual([state, 4000])
    await expect(webSocket.receiveAsync(Buffer.alloc(1))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
    expect(await webSocket.completion).toEqual(byPeer)
  })

  it('can be received while the answer is being sent', async () => {
    const { webSocket, peer } = openInMemory(SOON, 1000)
    peer.duplex.pause()
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    await webSocket.sendAsync(Buffer.alloc(5000))
    await new Promise((resolve) => void setTimeout(resolve, 40))
    expect(await webSocket.receiveAsync(Buffer.alloc(1))).toMatchObject({ closeStatus: 4000 })
    peer.duplex.resume()
    peer.end()
    await once(peer.duplex, 'end')

    expect(await webSocket.completion).toEqual(byPeer)
    expect((await readToEnd(peer)).at(-1)).toBe(answered)
  })

  it('is never answered if closeAnswerTimeout is Infinity', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: Infinity })
    void close(peer)
    await webSocket.receiveAsync(Buffer.alloc(1))
    await new Promise((resolve) => void setTimeout(resolve, 50))

    expect(webSocket.state).toBe(CloseReceived)
    webSocket.abort()
    expect(webSocket.state).toBe(Aborted)
  })

  it('is answered by a client, too, which then waits for the server to end the connection', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, isServer: false })
    await peer.sendFrame(Opcode.Text, 'unread')
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    expect((await peer.nextFrame()).payload).toEqual(closePayload(4000, 'bye'))
    peer.end()

    expect(await webSocket.completion).toEqual(byPeer)
    expect(await webSocket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 'unread' })
  })
})
