import { describe, expect, it } from '@jest/globals'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

const { Open, CloseSent, CloseReceived, Closed, Aborted } = WebSocketState

const allowedCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
const refusedCodes = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65_535]

describe('sending a Close frame', () => {
  it.each(allowedCodes)('allows the code %d', async (code) => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(code, 'reason')

    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Close, isFinal: true, payload: closePayload(code, 'reason') })
    expect(webSocket.state).toBe(CloseSent)
  })

  it.each([...refusedCodes, -1, 65_536, 1000.5, NaN, Infinity])('rejects the code %d', async (code) => {
    const { webSocket } = await openOverTcp()
    const refusal = { code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'closeStatus' }

    await expect(webSocket.closeOutputAsync(code)).rejects.toMatchObject(refusal)
    await expect(webSocket.closeAsync(code)).rejects.toMatchObject(refusal)
    expect(webSocket.state).toBe(Open)
  })

  it.each(['1000', null, 1000n])('rejects the code %p', async (code) => {
    const { webSocket } = await openOverTcp()

    // @ts-expect-error It is no number.
    await expect(webSocket.closeAsync(code)).rejects.toMatchObject({ argument: 'closeStatus' })
  })

  it.each(['closeAsync', 'closeOutputAsync', Symbol.asyncDispose] as const)('%p() sends no code if it gets none', async (method) => {
    const { webSocket, peer } = await openOverTcp()
    const closed = webSocket[method]()
    const { payload } = await peer.nextFrame()
    await peer.sendFrame(Opcode.Close, payload)
    await webSocket.closeAsync().catch(() => undefined)
    peer.end()
    await closed

    expect(payload).toEqual(Buffer.alloc(0))
    expect(await webSocket.completion).toEqual({
      closeStatus: 1000,
      closeStatusDescription: '',
      wasClean: true,
      endedBy: 'local',
      error: undefined,
    })
  })

  it('reports 1005 if it had no code and was not answered', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync()
    peer.end()

    expect(await webSocket.completion).toMatchObject({ closeStatus: 1005, wasClean: false })
  })

  it.each([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['123 bytes', 'x'.repeat(123), 'x'.repeat(123)],
    ['123 bytes of UTF-8', '\u20ac'.repeat(41), '\u20ac'.repeat(41)],
  ])('allows %s as the reason', async (_, reason, sent) => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(1000, reason)

    expect((await peer.nextFrame()).payload).toEqual(closePayload(1000, sent))
  })

  it.each([
    ['124 bytes', 1000, 'x'.repeat(124)],
    ['124 bytes of UTF-8', 1000, `\u20ac`.repeat(41) + 'x'],
    ['a number', 1000, 5],
    ['a reason with the code 1005', 1005, 'reason'],
    ['a reason without a code', undefined, 'reason'],
  ])('rejects %s as the reason', async (_, code, reason) => {
    const { webSocket } = await openOverTcp()
    const refusal = { code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'statusDescription' }

    // @ts-expect-error One of them is not a string.
    await expect(webSocket.closeAsync(code, reason)).rejects.toMatchObject(refusal)
  })
})

describe('receiving a Close frame', () => {
  it.each(allowedCodes)('accepts the code %d', async (code) => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(code, 'reason'))

    expect(await webSocket.receiveAsync(Buffer.alloc(1))).toMatchObject({
      messageType: 2,
      closeStatus: code,
      closeStatusDescription: 'reason',
    })
    expect([webSocket.closeStatus, webSocket.closeStatusDescription, webSocket.state]).toEqual([code, 'reason', CloseReceived])
  })

  it('reports 1000 if it has no code', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close)
    await webSocket.receiveAsync(Buffer.alloc(1))

    expect([webSocket.closeStatus, webSocket.closeStatusDescription]).toEqual([1000, ''])
  })

  it('accepts a reason of 123 bytes', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(1000, 'x'.repeat(123)))
    await webSocket.receiveAsync(Buffer.alloc(1))

    expect(webSocket.closeStatusDescription).toBe('x'.repeat(123))
  })

  it.each([
    ...refusedCodes.map((code): [string, Buffer] => [`the code ${code}`, closePayload(code)]),
    ['one byte', Buffer.alloc(1)] as const,
    ['a reason that is not UTF-8', closePayload(1000, Buffer.of(0xff))] as const,
    ['a reason that ends within a character', closePayload(1000, Buffer.of(0xe2, 0x82))] as const,
  ])('fails the connection with 1002 if it has %s', async (_, payload) => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, payload)

    await expect(webSocket.receiveAsync(Buffer.alloc(1))).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_PROTOCOL_ERROR',
      webSocketErrorCode: 2,
    })
    expect([webSocket.closeStatus, webSocket.state]).toEqual([null, Closed])
    expect((await peer.remainingFrames()).map((frame) => [frame.opcode, frame.payload])).toEqual([[Opcode.Close, closePayload(1002)]])
    peer.end()
    expect(await webSocket.completion).toMatchObject({
      closeStatus: 1002,
      wasClean: false,
      error: { code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' },
    })
  })

  it('does not answer it before the application does', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.sendAsync('still here')

    expect((await peer.nextFrame()).opcode).toBe(Opcode.Text)
  })

  it('ignores bytes after it', async () => {
    const { webSocket, peer } = openInMemory()
    await peer.send(
      rawFrame(Opcode.Close, closePayload(1000)),
      rawFrame(Opcode.Ping),
      rawFrame(Opcode.Text, 'text'),
      Buffer.alloc(100_000, 0xff),
    )
    await webSocket.receiveAsync(Buffer.alloc(1))
    await peer.send(rawFrame(Opcode.Ping), rawFrame(3))
    await webSocket.closeAsync(1000)
    peer.end()

    expect(await webSocket.completion).toMatchObject({ wasClean: true })
    expect((await peer.remainingFrames()).map(({ opcode }) => opcode)).toEqual([Opcode.Close])
  })

  it('reports it if the transport ends in the same chunk, after the messages in front of it', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(rawFrame(Opcode.Text, 'text'), rawFrame(Opcode.Close, closePayload(1001)))
    peer.end()
    await new Promise((resolve) => void peer.duplex.once('finish', resolve))
    const messages: unknown[] = []
    for await (const message of webSocket) messages.push(message)
    await webSocket.sendAsync('last words')
    await webSocket.closeAsync(1001)

    expect(messages).toEqual(['text'])
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1001, wasClean: true, endedBy: 'remote' })
    expect((await peer.remainingFrames()).map(({ opcode }) => opcode)).toEqual([Opcode.Text, Opcode.Close])
  })
})

describe('closeAsync', () => {
  it('discards messages until the Close frame arrives, even compressed ones that are invalid', async () => {
    const { webSocket, peer } = openInMemory({ dangerousDeflateOptions: {}, maxMessageSize: 100 })
    await peer.sendFrame(Opcode.Text, 'unread')
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(Opcode.Text, 'text')
    await peer.sendFrame(Opcode.Binary, 'begun', { isFinal: false })
    await peer.sendFrame(Opcode.Continuation, Buffer.alloc(100_000))
    await peer.sendFrame(Opcode.Binary, Buffer.alloc(1000, 'not deflated'), { reserved: 4 })
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    await closed

    expect([webSocket.state, webSocket.closeStatus, webSocket.closeStatusDescription]).toEqual([Closed, 4000, 'bye'])
  })

  it('validates the text that it discards', async () => {
    const { webSocket, peer } = openInMemory()
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(Opcode.Text, Buffer.of(0x61, 0xff))

    await expect(closed).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_PAYLOAD' })
    expect(webSocket.state).toBe(Aborted)
  })

  it('lets receives that are queued behind it take turns', async () => {
    const { webSocket, peer } = openInMemory()
    const closed = webSocket.closeAsync(1000)
    await peer.nextFrame()
    const received = webSocket.receiveAsync(Buffer.alloc(8))
    await peer.sendFrame(Opcode.Text, 'passed over')
    await peer.sendFrame(Opcode.Text, 'received')
    await peer.sendFrame(Opcode.Close, closePayload(1000))

    expect(await received).toMatchObject({ count: 8, endOfMessage: true })
    await closed
  })

  it('discards the rest of a compressed message', async () => {
    const { server, client } = await openBothOverTcp({ dangerousDeflateOptions: {} })
    await client.sendAsync('a compressed message')
    await server.receiveAsync(Buffer.alloc(5))
    const closed = server.closeAsync(1000)
    await client.closeAsync(1000)
    await closed

    expect(await server.completion).toMatchObject({ wasClean: true })
  })

  it('answers pings while it waits', async () => {
    const { webSocket, peer } = await openOverTcp()
    const closed = webSocket.closeAsync(1000)
    await peer.nextFrame()
    await peer.sendFrame(Opcode.Ping, 'ping')
    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Pong, payload: Buffer.from('ping') })
    await peer.sendFrame(Opcode.Close, closePayload(1000))

    await closed
  })

  it('lets a pending receive return the Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    const received = webSocket.receiveAsync(Buffer.alloc(1))
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(Opcode.Close, closePayload(1000))

    expect(await received).toMatchObject({ messageType: 2 })
    await closed
    expect(webSocket.state).toBe(Closed)
  })

  it('can be called several times at once', async () => {
    const { webSocket, peer } = await openOverTcp()
    const closed = Promise.all([webSocket.closeAsync(1000), webSocket.closeAsync(1001), webSocket.closeAsync(1002)])
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await closed

    expect((await peer.remainingFrames()).map(({ payload }) => payload)).toEqual([closePayload(1000)])
  })

  it('completes a handshake that closeOutputAsync has started', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(1000)
    const closed = webSocket.closeAsync(4000)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await closed

    expect((await peer.remainingFrames()).map(({ payload }) => payload)).toEqual([closePayload(1000)])
  })

  it('rejects if closeOutputAsync and a receive have completed the handshake', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(1000)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await webSocket.receiveAsync(Buffer.alloc(1))

    expect(webSocket.state).toBe(Closed)
    await expect(webSocket.closeAsync(1000)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })

  it('rejects if the peer ends the connection without a Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    const closed = webSocket.closeAsync(1000)
    await peer.nextFrame()
    peer.end()

    await expect(closed).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', webSocketErrorCode: 8 })
    expect(webSocket.state).toBe(Aborted)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: false, endedBy: 'local' })
  })

  it('rejects if the peer violates the protocol, without a second Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(3)

    await expect(closed).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' })
    expect(webSocket.state).toBe(Aborted)
    expect((await peer.remainingFrames()).map(({ payload }) => payload)).toEqual([closePayload(1000)])
  })

  it('gives up after closeTimeout and destroys the connection', async () => {
    const { webSocket, peer } = await openOverTcp({ closeTimeout: 20 })
    const received = webSocket.receiveAsync(Buffer.alloc(1))
    const closed = webSocket.closeAsync(1000)

    await expect(closed).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', message: expect.stringContaining('20 ms') })
    await expect(received).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    expect(webSocket.state).toBe(Aborted)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: false, endedBy: 'local' })
    await peer.ended
  })

  it('gives up after closeTimeout if its Close frame cannot be written', async () => {
    const { webSocket, peer } = openInMemory({ closeTimeout: 20 }, 1000)
    peer.duplex.pause()
    await webSocket.sendAsync(Buffer.alloc(5000))
    await new Promise(setImmediate)

    await expect(webSocket.closeAsync(1000)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1006, wasClean: false })
  })

  it.each([Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31])('waits for a closeTimeout of %d', async (closeTimeout) => {
    const { webSocket, peer } = await openOverTcp({ closeTimeout })
    const closed = webSocket.closeAsync(1000)
    await new Promise((resolve) => void setTimeout(resolve, 30))
    await peer.sendFrame(Opcode.Close, closePayload(1000))

    await closed
    expect(webSocket.state).toBe(Closed)
  })

  it('destroys the connection of a peer that answers but does not end it', async () => {
    const { webSocket, peer } = await openOverTcp({ closeTimeout: 20 })
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await closed

    expect(await webSocket.completion).toMatchObject({ wasClean: true })
  })
})

describe('server and client', () => {
  it.each(['server', 'client'] as const)('complete the close handshake if the %s starts it', async (first) => {
    const both = await openBothOverTcp()
    const second = both[first === 'server' ? 'client' : 'server']
    const received = second.receiveAsync(Buffer.alloc(1))
    const closed = both[first].closeAsync(4000, 'bye')
    await received
    await second.closeOutputAsync(4001)
    await closed

    expect(await both[first].completion).toEqual({
      closeStatus: 4001,
      closeStatusDescription: '',
      wasClean: true,
      endedBy: 'local',
      error: undefined,
    })
    expect(await second.completion).toEqual({
      closeStatus: 4000,
      closeStatusDescription: 'bye',
      wasClean: true,
      endedBy: 'remote',
      error: undefined,
    })
  })

  it('complete the close handshake if both start it', async () => {
    const { server, client } = await openBothOverTcp()
    await Promise.all([server.closeAsync(4000), client.closeAsync(4001)])

    expect(await server.completion).toMatchObject({ closeStatus: 4001, wasClean: true, endedBy: 'local' })
    expect(await client.completion).toMatchObject({ closeStatus: 4000, wasClean: true, endedBy: 'local' })
  })

  it('let the server end the connection first: the client destroys it after a second', async () => {
    const { webSocket, peer } = await openOverTcp({ isServer: false })
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await closed
    const closedAt = performance.now()
    const completion = await webSocket.completion

    expect(completion).toMatchObject({ wasClean: true, endedBy: 'local' })
    expect(performance.now() - closedAt).toBeGreaterThan(900)
  })
})

describe('await using', () => {
  it('closes an open socket without a code, discards unread messages and flushes sent ones', async () => {
    const { server, client } = await openBothOverTcp({ dangerousDeflateOptions: {} })
    await client.sendAsync('not received')
    const received = (async () => {
      const messages: unknown[] = []
      for await (const message of client) messages.push(message)
      return messages
    })()
    await (async () => {
      await using webSocket = server
      void webSocket.sendAsync('last words')
    })()

    expect(await received).toEqual(['last words'])
    expect(await server.completion).toMatchObject({ closeStatus: 1000, wasClean: true, endedBy: 'local' })
    expect(await client.completion).toMatchObject({ closeStatus: 1000, wasClean: true, endedBy: 'remote' })
  })

  it('waits for the answer to a Close frame that was sent before', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(4001)
    const disposed = webSocket[Symbol.asyncDispose]()
    await peer.nextFrame()
    await peer.sendFrame(Opcode.Close, closePayload(4001))
    peer.end()
    await disposed

    expect(await webSocket.completion).toMatchObject({ closeStatus: 4001, wasClean: true })
  })

  it('gives up after closeTimeout if the peer does not answer', async () => {
    const { webSocket, peer } = await openOverTcp({ closeTimeout: 20 })
    await webSocket[Symbol.asyncDispose]()

    expect(await webSocket.completion).toMatchObject({ closeStatus: 1005, wasClean: false, endedBy: 'local' })
    expect((await peer.remainingFrames()).map(({ payload }) => payload.length)).toEqual([0])
  })

  it('returns if the peer vanishes or violates the protocol instead of answering', async () => {
    for (const bytes of [Buffer.alloc(0), rawFrame(3)]) {
      const { webSocket, peer } = await openOverTcp()
      const disposed = webSocket[Symbol.asyncDispose]()
      await peer.send(bytes)
      peer.end()
      await disposed

      expect(webSocket.state).toBe(Aborted)
    }
  })
})
