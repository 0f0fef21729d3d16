import { describe, expect, it } from '@jest/globals'
import { constants } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { WebSocketState } from '../../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../../support/web-socket-pairs.ts'

const DONE = { done: true, value: undefined }

describe('for await', () => {
  it('returns text as strings and binary as Buffers, until the Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    const texts = ['', 'text', 'h\u00e9llo \u{1f600}', 'x'.repeat(100_000), '\u20ac'.repeat(50_000)]
    for (const text of texts) await peer.sendFrame(Opcode.Text, text)
    await peer.sendFrame(Opcode.Binary, Buffer.of(0, 128, 255))
    await peer.sendFrame(Opcode.Binary)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    const messages: unknown[] = []
    for await (const message of webSocket) messages.push(message)

    expect(messages).toEqual([...texts, Buffer.of(0, 128, 255), Buffer.alloc(0)])
    expect(webSocket.state).toBe(WebSocketState.CloseReceived)
  })

  it('joins fragments, even if they split a character', async () => {
    const { webSocket, peer } = await openOverTcp()
    const euro = Buffer.from('\u20ac')
    const parts = ['', 'a', euro.subarray(0, 1), '', euro.subarray(1), 'b'.repeat(70_000), '']
    await peer.send(...parts.map((part, index) => rawFrame(index === 0 ? 1 : 0, part, { isFinal: index === parts.length - 1 })))

    expect(await webSocket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: `a\u20ac${'b'.repeat(70_000)}` })
  })

  it.each([
    ['text', Opcode.Text],
    ['binary', Opcode.Binary],
  ])('returns a byte order mark and NUL unchanged, in %s', async (_, opcode) => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(opcode, '\ufeffa\0b')
    const { value = '' } = await webSocket[Symbol.asyncIterator]().next()

    expect(value.toString()).toBe('\ufeffa\0b')
  })

  it('returns messages whose memory is not shared', async () => {
    const { webSocket, peer } = await openOverTcp()
    for (const fill of ['a', 'b', 'c']) await peer.sendFrame(Opcode.Binary, fill.repeat(1000))
    const messages: Buffer[] = []
    for await (const message of webSocket) {
      if (!Buffer.isBuffer(message)) throw new Error('Not binary')
      messages.push(message)
      if (messages.length === 3) break
    }
    messages[0]?.fill('x')
    await peer.sendFrame(Opcode.Binary, 'd'.repeat(1000))
    await webSocket[Symbol.asyncIterator]().next()

    expect(messages.map(String)).toEqual(['x'.repeat(1000), 'b'.repeat(1000), 'c'.repeat(1000)])
  })

  it('leaves the socket open if the loop ends with break or an error', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(rawFrame(Opcode.Text, 'first'), rawFrame(Opcode.Text, 'second'), rawFrame(Opcode.Text, 'third'))
    for await (const message of webSocket) {
      expect(message).toBe('first')
      break
    }
    const run = async (): Promise<void> => {
      for await (const message of webSocket) throw new Error(String(message))
    }
    await expect(run()).rejects.toThrow('second')
    expect(webSocket.state).toBe(WebSocketState.Open)
    const buffer = Buffer.alloc(5)
    await webSocket.receiveAsync(buffer)

    expect(buffer.toString()).toBe('third')
  })

  it('serves concurrent calls of next() in order, and ends them all at the Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    const iterator = webSocket[Symbol.asyncIterator]()
    const results = Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()])
    await peer.send(rawFrame(Opcode.Text, 'first'), rawFrame(Opcode.Text, 'second'), rawFrame(Opcode.Close))

    expect(await results).toEqual([
      { done: false, value: 'first' },
      { done: false, value: 'second' },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('returns the rest of a message that receiveAsync started', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'abcdef')
    await webSocket.receiveAsync(Buffer.alloc(2))

    expect(await webSocket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 'cdef' })
  })

  it('is done if the peer ends without a Close frame, and remains done', async () => {
    const { webSocket, peer } = await openOverTcp()
    const iterator = webSocket[Symbol.asyncIterator]()
    const nexts = [iterator.next(), iterator.next()]
    peer.end()

    expect(await Promise.all([...nexts, iterator.next()])).toEqual([DONE, DONE, DONE])
    expect(await iterator.next()).toEqual(DONE)
    expect(webSocket.closeStatus).toBe(null)
  })

  it('fails with 1007 at invalid UTF-8, before the end of the message', async () => {
    const { webSocket, peer } = await openOverTcp()
    const next = webSocket[Symbol.asyncIterator]().next()
    await peer.send(rawFrame(Opcode.Text, Buffer.from('61ed', 'hex'), { isFinal: false }), rawFrame(0, Buffer.of(0xa0), { isFinal: false }))

    expect(await next).toEqual(DONE)
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1007))
  })
})

describe('maxMessageSize', () => {
  it('allows a message of exactly that size', async () => {
    const { webSocket, peer } = await openOverTcp({ maxMessageSize: 1000 })
    await peer.sendFrame(Opcode.Text, 'x'.repeat(1000))
    await peer.send(rawFrame(Opcode.Binary, Buffer.alloc(999), { isFinal: false }), rawFrame(0, Buffer.alloc(1)))
    const messages: unknown[] = []
    for await (const { length } of webSocket) if (messages.push(length) === 2) break

    expect(messages).toEqual([1000, 1000])
  })

  it.each([
    ['one frame, by its header', [rawFrame(Opcode.Text, '', { announcedLength: 1001n })]],
    ['one frame of 2^53 bytes', [rawFrame(Opcode.Text, '', { announcedLength: 2n ** 53n })]],
    ['one frame of 2^63 - 1 bytes', [rawFrame(Opcode.Text, '', { announcedLength: 2n ** 63n - 1n })]],
    ['fragments', [rawFrame(Opcode.Text, 'x'.repeat(500), { isFinal: false }), rawFrame(0, '', { announcedLength: 501n, isFinal: false })]],
    ['a compressed frame, by its header', [rawFrame(Opcode.Text, '', { announcedLength: 1105n, reserved: 4 })]],
  ])('closes with 1009 for a longer message: %s', async (_, frames) => {
    const { webSocket, peer } = await openOverTcp({ maxMessageSize: 1000, dangerousDeflateOptions: {} })
    const next = webSocket[Symbol.asyncIterator]().next()
    await peer.send(...frames)

    expect(await next).toEqual(DONE)
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1009))
    expect(webSocket.state).toBe(WebSocketState.Aborted)
    peer.end()
    expect(await webSocket.completion).toMatchObject({
      error: { code: 'ERR_WEBSOCKET_MESSAGE_TOO_BIG', message: expect.stringContaining('1000 bytes') },
    })
  })

  it.each([
    ['text', Opcode.Text, constants.MAX_STRING_LENGTH],
    ['bytes', Opcode.Binary, constants.MAX_LENGTH],
  ])('is limited by Node.js, for %s, which the error says', async (_what, opcode, limit) => {
    const { webSocket, peer } = openInMemory({ maxMessageSize: Infinity })
    void webSocket[Symbol.asyncIterator]().next()
    await peer.send(rawFrame(opcode, '', { announcedLength: BigInt(limit) }))
    expect(webSocket.state).toBe(WebSocketState.Open)

    const other = openInMemory({ maxMessageSize: Infinity })
    const next = other.webSocket[Symbol.asyncIterator]().next()
    await other.peer.send(rawFrame(opcode, '', { announcedLength: BigInt(limit) + 1n }))
    expect(await next).toEqual(DONE)
    other.peer.end()
    expect((await other.webSocket.completion).error?.message).toBe(
      `The peer sent a message of more than ${limit} bytes, which is longer than Node.js allows. Receive it in parts with receiveAsync()`,
    )
  })

  it('allows a message of that size even if its compressed form is longer', async () => {
    const { server, client } = await openBothOverTcp({ maxMessageSize: 1000, dangerousDeflateOptions: {} })
    const message = randomBytes(1000)
    await client.sendAsync(message)

    expect(await server[Symbol.asyncIterator]().next()).toEqual({ done: false, value: message })
  })

  it('does not limit what receiveAsync receives in parts', async () => {
    const { webSocket, peer } = openInMemory({ maxMessageSize: 10 })
    void peer.sendFrame(Opcode.Binary, Buffer.alloc(100_000))
    let length = 0
    for (;;) {
      const { count, endOfMessage } = await webSocket.receiveAsync(Buffer.alloc(1000))
      length += count
      if (endOfMessage) break
    }

    expect(length).toBe(100_000)
  })

  it.each([
    ['a frame', { announcedLength: 2n ** 31n }],
    ['a compressed frame', { announcedLength: 2n ** 31n, reserved: 4 }],
    ['a compressed frame longer than any buffer', { announcedLength: 2n ** 62n, reserved: 4 }],
  ])('allocates at most 1 MiB for %s that is only announced', async (_, header) => {
    const before = process.memoryUsage().arrayBuffers
    for (let count = 0; count < 50; count++) {
      const { webSocket, peer } = openInMemory({ maxMessageSize: Infinity, dangerousDeflateOptions: {} })
      void webSocket[Symbol.asyncIterator]().next()
      // In memory, sent bytes arrive at once.
      await peer.send(rawFrame(Opcode.Binary, '', header))
    }

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * 1_048_576)
  })

  it('limits the bytes of a message, not the number of its fragments, even empty ones', async () => {
    const { webSocket, peer } = openInMemory({ maxMessageSize: 20_000 })
    const next = webSocket[Symbol.asyncIterator]().next()
    await peer.sendFrame(Opcode.Text, 'a', { isFinal: false })
    for (let count = 0; count < 100; count++) {
      await peer.send(...Array.from({ length: 100 }, () => rawFrame(0, 'b', { isFinal: false })))
      await peer.send(...Array.from({ length: 100 }, () => rawFrame(0, '', { isFinal: false })))
    }
    await peer.sendFrame(Opcode.Continuation, 'c')

    expect(await next).toEqual({ done: false, value: `a${'b'.repeat(10_000)}c` })
  })
})

describe('bytes that a receive is waiting for', () => {
  it('do not pause the transport', async () => {
    const { webSocket, peer, stream } = openInMemory({}, 1_000_000)
    let pauses = 0
    stream.on('pause', () => pauses++)
    const bunch = Buffer.concat(Array.from({ length: 2000 }, () => rawFrame(Opcode.Text, 'x'.repeat(60))))
    await peer.send(bunch)
    let count = 0
    for await (const message of webSocket) {
      expect(message).toHaveLength(60)
      if (++count === 2000) break
    }

    expect(pauses).toBe(0)
  })
})

describe('bytes that are not read', () => {
  it('pause the transport, and are delivered completely when receives continue', async () => {
    const { webSocket, peer, stream } = await openOverTcp()
    const messages = Array.from({ length: 2000 }, (_, index) => `${index}`.padEnd(1000, 'x'))
    const sent = Promise.all(messages.map((message) => peer.sendFrame(Opcode.Text, message)))
    while (!stream.isPaused()) await new Promise(setImmediate)

    expect(stream.readableLength).toBeLessThan(200_000)
    const received: unknown[] = []
    for await (const message of webSocket) if (received.push(message) === messages.length) break
    await sent

    expect(received).toEqual(messages)
    expect(stream.isPaused()).toBe(false)
  })

  it('do not hide the end of the connection behind them', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(
      ...Array.from({ length: 200 }, () => rawFrame(Opcode.Binary, Buffer.alloc(1000))),
      rawFrame(Opcode.Close, closePayload(1001)),
    )
    peer.end()
    let count = 0
    for await (const { length } of webSocket) count += length
    await webSocket.closeAsync(1000)

    expect(count).toBe(200_000)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1001, wasClean: true })
  })
})
