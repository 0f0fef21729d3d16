import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

const { Open, CloseSent, CloseReceived, Closed, Aborted } = WebSocketState
const byPeer = { closeStatus: 4000, closeStatusDescription: 'bye', wasClean: true, endedBy: 'remote', error: undefined }
const SOON = { closeAnswerTimeout: 20 }

/** Closes as a client: waits for the answer and the end, then ends its side. Tells the texts, and the payload of each Close frame. */
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
  it('answers it with its own code at the end of the turn, and ends the connection', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: Infinity, closeTimeout: Infinity })
    const frames = close(peer)
    for await (const message of webSocket) expect(message).toBeUndefined()
    const { state } = webSocket

    expect(state).toBe(CloseReceived)
    expect(await webSocket.completion).toEqual(byPeer)
    expect(await frames).toEqual([answered])
    expect(webSocket.state).toBe(Closed)
  })

  it.each([
    ['messages', {}],
    ['compressed messages', { dangerousDeflateOptions: {} }],
  ])('answers it behind %s that the application sends one after the other, and with the code that it closes with', async (_, options) => {
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

  it('answers an empty one with an empty one, which the application has received as 1000', async () => {
    const { webSocket, peer } = await openOverTcp()
    const frames = close(peer, Buffer.alloc(0))
    for await (const message of webSocket) expect(message).toBeUndefined()

    expect(webSocket.closeStatus).toBe(1000)
    expect(await frames).toEqual(['Close '])
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: true })
  })

  it('leaves no mistake to whoever closes, or disposes, later', async () => {
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

  it('gives up after closeTimeout when what was sent before does not leave', async () => {
    const { webSocket, peer } = openInMemory({ closeTimeout: 20 }, 1000)
    peer.duplex.pause()
    const sent = webSocket.sendAsync(Buffer.alloc(1_000_000))
    await peer.sendFrame(Opcode.Close, closePayload(4000))
    for await (const message of webSocket) expect(message).toBeUndefined()

    await expect(sent).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: false, endedBy: 'remote' })
  })

  it('answers a Close frame that receiveAsync has got before', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: Infinity })
    const frames = close(peer)
    const [result] = await Promise.all([webSocket.receiveAsync(Buffer.alloc(1)), webSocket[Symbol.asyncIterator]().next()])

    expect(result).toMatchObject({ closeStatus: 4000 })
    expect(await frames).toEqual([answered])
  })
})

describe('a Close frame that receiveAsync has got', () => {
  it('is answered when closeAnswerTimeout is over', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, closeTimeout: Infinity })
    const frames = close(peer)
    await webSocket.receiveAsync(Buffer.alloc(1))

    expect(await webSocket.completion).toEqual(byPeer)
    expect(await frames).toEqual([answered])
  })

  it("is the application's to answer until then", async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: 60_000 })
    const frames = close(peer)
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.sendAsync('last words')
    await webSocket.closeAsync(4001)

    expect(await frames).toEqual(['last words', `Close ${closePayload(4001).toString('hex')}`])
    expect(await webSocket.completion).toEqual(byPeer)
  })
})

describe('a Close frame that nobody receives', () => {
  it.each([
    ['alone', []],
    ['behind messages', [rawFrame(Opcode.Text, 'first'), rawFrame(Opcode.Ping), rawFrame(Opcode.Text, 'second')]],
  ])('is answered when closeAnswerTimeout is over: %s', async (_, before) => {
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
  ])('keeps the messages in front of it for whoever receives later%s', async (_, options) => {
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

  it('is answered when a loop was left', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    await peer.sendFrame(Opcode.Text, 'only')
    for await (const message of webSocket) {
      expect(message).toBe('only')
      break
    }

    expect(await close(peer)).toEqual([answered])
  })

  it('is answered when a loop is left after it has come', async () => {
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

  it('waits for a loop that is busy with a message, no longer than closeTimeout', async () => {
    const { webSocket, peer } = await openOverTcp({ closeAnswerTimeout: 1, closeTimeout: 100 })
    await peer.send(rawFrame(Opcode.Text, 'request'), rawFrame(Opcode.Text, 'last request'))
    const frames = close(peer)
    let count = 0
    for await (const message of webSocket) {
      await new Promise((resolve) => void setTimeout(resolve, 30))
      if (count++ === 0) await webSocket.sendAsync(`answer to ${String(message)}`)
      // For ever, as far as the peer can tell.
      else await frames
    }

    expect(await frames).toEqual(['answer to request', answered])
    expect(await webSocket.completion).toEqual(byPeer)
  })

  it('waits as long as the application goes on receiving', async () => {
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

  it('ends the connection if ours was sent before', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, closeTimeout: 60_000 })
    await webSocket.closeOutputAsync(4001)
    expect(await close(peer)).toEqual([`Close ${closePayload(4001).toString('hex')}`])

    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: true, endedBy: 'local' })
    expect((await webSocket.receiveAsync(Buffer.alloc(1))).closeStatus).toBe(4000)
    await expect(webSocket.closeOutputAsync(4002)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })

  it('rejects the pings that wait for an answer', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    const ping = webSocket.pingAsync()
    await peer.nextFrame()
    void close(peer)

    await expect(ping).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })

  it('is told that it is wrong', async () => {
    const { webSocket, peer } = await openOverTcp(SOON)
    expect(await close(peer, Buffer.alloc(1))).toEqual([`Close ${closePayload(1002).toString('hex')}`])

    expect(await webSocket.completion).toMatchObject({ wasClean: false, error: { code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' } })
  })

  it('is answered though the peer has ended its side behind it', async () => {
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
  ] as const)('leaves a socket that can be given up with %s, which drops what was not received', async (_, method, state) => {
    const { webSocket, peer } = await openOverTcp(SOON)
    await peer.sendFrame(Opcode.Text, 'unread')
    await close(peer)
    await webSocket.completion
    await webSocket[method]()

    expect([webSocket.state, webSocket.closeStatus]).toEqual([state, 4000])
    await expect(webSocket.receiveAsync(Buffer.alloc(1))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
    expect(await webSocket.completion).toEqual(byPeer)
  })

  it('can be received while it is being answered', async () => {
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

  it('is answered by a client, too, which waits for the server to end the connection', async () => {
    const { webSocket, peer } = await openOverTcp({ ...SOON, isServer: false })
    await peer.sendFrame(Opcode.Text, 'unread')
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    expect((await peer.nextFrame()).payload).toEqual(closePayload(4000, 'bye'))
    peer.end()

    expect(await webSocket.completion).toEqual(byPeer)
    expect(await webSocket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 'unread' })
  })
})
