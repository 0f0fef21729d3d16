import { describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import * as ws from 'ws'
import { prepareMessage } from '../../lib/web-socket/prepared-message.ts'
import { WebSocketMessageFlags } from '../../lib/web-socket/values/web-socket-message-flags.ts'
import { WebSocketMessageType } from '../../lib/web-socket/values/web-socket-message-type.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { openOverTcp, openBothOverTcp } from '../support/web-socket-pairs.ts'

const { EndOfMessage, DisableCompression } = WebSocketMessageFlags
const { Text } = WebSocketMessageType
const compressed = { dangerousDeflateOptions: {} }
const COMPRESSED = { reserved: 4 }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('receiving with permessage-deflate', () => {
  it.each([
    ['one frame (7.2.3.1)', [['f2 48 cd c9 c9 07 00']]],
    ['two fragments (7.2.3.1)', [['f2 48 cd', 'c9 c9 07 00']]],
    ['the window of the message before (7.2.3.2)', [['f2 48 cd c9 c9 07 00'], ['f2 00 11 00 00']]],
    ['a block without compression (7.2.3.3)', [['00 05 00 fa ff 48 65 6c 6c 6f 00']]],
    ['a block with BFINAL (7.2.3.4)', [['f3 48 cd c9 c9 07 00 00'], ['f2 48 cd c9 c9 07 00']]],
    ['two blocks (7.2.3.5)', [['f2 48 05 00 00 00 ff ff ca c9 c9 07 00']]],
  ])('reads the example of RFC 7692 with %s', async (_name, messages) => {
    const { webSocket, peer } = await openOverTcp(compressed)
    const received = webSocket[Symbol.asyncIterator]()
    for (const fragments of messages) {
      for (const [index, fragment] of fragments.entries()) {
        const options = { isFinal: index === fragments.length - 1, reserved: index === 0 ? 4 : 0 }
        void peer.sendFrame(index === 0 ? 1 : 0, hex(fragment), options)
      }
      expect(await received.next()).toEqual({ done: false, value: 'Hello' })
    }
  })

  it('reads an empty message (7.2.3.6), an empty last fragment, and uncompressed messages', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    const received = webSocket[Symbol.asyncIterator]()
    void peer.sendFrame(1, hex('00'), COMPRESSED)
    void peer.sendFrame(1, hex('f2 48 cd c9 c9 07 00 00 00 ff ff'), { ...COMPRESSED, isFinal: false })
    void peer.sendFrame(0, hex('00'))
    void peer.sendFrame(1, 'plain')
    for (const value of ['', 'Hello', 'plain']) expect(await received.next()).toEqual({ done: false, value })
  })

  it('returns an inflated message in parts', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    void peer.sendFrame(1, hex('f2 48 cd c9 c9 07 00'), COMPRESSED)
    const buffer = Buffer.alloc(2)
    const parts = []
    for (let part = 0; part < 3; part++) {
      const { count, endOfMessage } = await webSocket.receiveAsync(buffer)
      parts.push([buffer.toString('utf8', 0, count), endOfMessage])
    }
    expect(parts).toEqual([
      ['He', false],
      ['ll', false],
      ['o', true],
    ])
  })

  it.each([
    ['data that does not inflate', 1, 'ff ff ff ff ff', COMPRESSED, 1007, 'ERR_WEBSOCKET_INVALID_PAYLOAD'],
    ['a reference to before the start of the window', 1, '02 06 00', COMPRESSED, 1007, 'ERR_WEBSOCKET_INVALID_PAYLOAD'],
    ['text that inflates to invalid UTF-8', 1, '00 01 00 fe ff ff 00', COMPRESSED, 1007, 'ERR_WEBSOCKET_INVALID_PAYLOAD'],
    ['a compressed ping', 9, '00', COMPRESSED, 1002, 'ERR_WEBSOCKET_PROTOCOL_ERROR'],
  ])('answers %s with a Close frame and rejects', async (_name, opcode, payload, options, status, code) => {
    const { webSocket, peer } = await openOverTcp(compressed)
    void peer.sendFrame(opcode, hex(payload), options)
    await expect(webSocket.receiveAsync(Buffer.alloc(64))).rejects.toMatchObject({ code })
    const close = await peer.nextFrame()
    expect([close.opcode, close.payload.readUInt16BE(0)]).toEqual([8, status])
    peer.end()
    expect(await webSocket.completion).toMatchObject({ wasClean: false, error: { code } })
  })

  it('answers RSV1 on a continuation with 1002', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    void peer.sendFrame(1, hex('f2 48 cd'), { ...COMPRESSED, isFinal: false })
    void peer.sendFrame(0, hex('c9 c9 07 00'), COMPRESSED)
    const received = webSocket[Symbol.asyncIterator]().next()
    expect(await received).toEqual({ done: true, value: undefined })
    expect((await peer.nextFrame()).payload.readUInt16BE(0)).toBe(1002)
  })

  it('limits the inflated size of all fragments of a message together', async () => {
    const { webSocket, peer } = await openOverTcp({ ...compressed, maxMessageSize: 9 })
    void peer.sendFrame(1, hex('f2 48 cd c9 c9 07 00 00 00 ff ff'), { ...COMPRESSED, isFinal: false })
    void peer.sendFrame(0, hex('f2 48 cd c9 c9 07 00'))
    const received = webSocket[Symbol.asyncIterator]().next()
    expect(await received).toEqual({ done: true, value: undefined })
    expect((await peer.nextFrame()).payload.readUInt16BE(0)).toBe(1009)
  })

  it('stops a bomb of 1 MiB that inflates to 1 GiB with 1009 and uses bounded memory', async () => {
    const script = join(__dirname, 'compression-bomb.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['-r', 'esbuild-register', script])
    const { bytesSent, closeStatus, errorCode, grownBy } = JSON.parse(stdout) as Record<string, number | string>
    expect({ closeStatus, errorCode }).toEqual({ closeStatus: 1009, errorCode: 'ERR_WEBSOCKET_MESSAGE_TOO_BIG' })
    expect(bytesSent).toBeGreaterThan(1_000_000)
    // The limit of 16 MiB, zlib's copies of it, and slack. Without the limit, it would be about 1 GiB.
    expect(grownBy).toBeLessThan(128 * 1024 * 1024)
  })
})

describe('permessage-deflate within one turn of the event loop', () => {
  it('yields to other connections after some messages, regardless of how many arrive at once', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    const frame = rawFrame(1, hex('f2 48 cd c9 c9 07 00'), COMPRESSED)
    const count = 1000
    let turn = 0
    const received: number[] = []
    const tick = (): void => {
      turn++
      if (received.length < count) setImmediate(tick)
    }
    setImmediate(tick)
    void peer.send(Buffer.concat(Array.from({ length: count }, () => frame)))
    for await (const message of webSocket) {
      expect(message).toBe('Hello')
      received.push(turn)
      if (received.length === count) break
    }
    const mostInATurn = Math.max(...received.map((_, index) => received.filter((other) => other === received[index]).length))
    expect(mostInATurn).toBeLessThan(100)
  })

  it('shares no context between connections without context takeover', async () => {
    const options = { dangerousDeflateOptions: { clientContextTakeover: false, serverContextTakeover: false } }
    const [first, second, third] = await Promise.all([openOverTcp(options), openOverTcp(options), openOverTcp(options)])
    const hello = hex('f2 48 cd c9 c9 07 00')
    void first.peer.sendFrame(1, hello, COMPRESSED)
    expect(await first.webSocket[Symbol.asyncIterator]().next()).toMatchObject({ value: 'Hello' })
    // The second message of RFC 7692, section 7.2.3.2, which refers to the first.
    void second.peer.sendFrame(1, hex('f2 00 11 00 00'), COMPRESSED)
    const refused = second.webSocket.receiveAsync(Buffer.alloc(10))
    await expect(refused).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_PAYLOAD' })
    void third.peer.sendFrame(1, hello, COMPRESSED)
    expect(await third.webSocket[Symbol.asyncIterator]().next()).toMatchObject({ value: 'Hello' })
  })

  it('copies the rest of a message before another connection inflates', async () => {
    const [one, other] = await Promise.all([openOverTcp(compressed), openOverTcp(compressed)])
    void one.peer.sendFrame(2, deflated('The first half, the second half'), COMPRESSED)
    const buffer = Buffer.alloc(16)
    expect(await one.webSocket.receiveAsync(buffer)).toMatchObject({ count: 16, endOfMessage: false })
    void other.peer.sendFrame(2, deflated('x'.repeat(1000)), COMPRESSED)
    expect(await other.webSocket.receiveAsync(Buffer.alloc(1000))).toMatchObject({ count: 1000 })
    const rest = await one.webSocket.receiveAsync(buffer)
    expect(buffer.toString('utf8', 0, rest.count)).toBe('the second half')
  })

  it('uses the thread pool if Node.js has no synchronous way', async () => {
    const script = join(__dirname, 'scripts/without-write-sync.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['-r', 'esbuild-register', script])
    expect(JSON.parse(stdout)).toEqual({ lengths: [0, 5, 8193, 100_000], isMissing: true })
  })
})

describe('sending with permessage-deflate', () => {
  it('writes the examples of RFC 7692 byte for byte', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    await webSocket.sendAsync('Hello')
    await webSocket.sendAsync('Hello')
    await webSocket.sendAsync('')
    await webSocket.sendAsync('Hello', Text, EndOfMessage | DisableCompression)
    for (const [reserved, payload] of [
      [4, 'f2 48 cd c9 c9 07 00'],
      [4, 'f2 00 11 00 00'],
      [4, '00'],
      [0, '48 65 6c 6c 6f'],
    ] as const) {
      expect(await peer.nextFrame()).toMatchObject({ opcode: 1, isFinal: true, reserved, payload: hex(payload) })
    }
  })

  it('does not refer to the previous message without context takeover', async () => {
    const { webSocket, peer } = await openOverTcp({ dangerousDeflateOptions: { serverContextTakeover: false } })
    await webSocket.sendAsync('Hello')
    await webSocket.sendAsync('Hello')
    for (let message = 0; message < 2; message++) expect((await peer.nextFrame()).payload).toEqual(hex('f2 48 cd c9 c9 07 00'))
  })

  it.each([
    ['server', true],
    ['client', false],
  ])('resets the context after an empty last fragment, too, as the %s', async (_, isServer) => {
    const { webSocket, peer } = await openOverTcp({
      isServer,
      dangerousDeflateOptions: { clientContextTakeover: false, serverContextTakeover: false },
    })
    await webSocket.sendAsync('Hello', Text, false)
    await webSocket.sendAsync('', Text, true)
    await webSocket.sendAsync('Hello')
    await peer.nextFrame()
    await peer.nextFrame()

    expect((await peer.nextFrame()).payload).toEqual(hex('f2 48 cd c9 c9 07 00'))
  })

  it('sets RSV1 on the first fragment only, and strips the tail of the last one only', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    await webSocket.sendAsync('Hel', Text, false)
    await webSocket.sendAsync('lo', Text, false)
    await webSocket.sendAsync('', Text, true)
    const frames = [await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame()]
    expect(frames.map(({ opcode, isFinal, reserved }) => [opcode, isFinal, reserved])).toEqual([
      [1, false, 4],
      [0, false, 0],
      [0, true, 0],
    ])
    const whole = Buffer.concat([...frames.map(({ payload }) => payload), hex('00 00 ff ff 03 00')])
    expect(inflateRawSync(whole).toString()).toBe('Hello')
  })

  it('does not compress messages below the threshold', async () => {
    const { webSocket, peer } = await openOverTcp({ dangerousDeflateOptions: { compressionThreshold: 10 } })
    await webSocket.sendAsync('123456789')
    await webSocket.sendAsync('1234567890')
    expect([(await peer.nextFrame()).reserved, (await peer.nextFrame()).reserved]).toEqual([0, 4])
  })

  it('rejects a change of the compression within a message, and still sends the rest of it', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    await webSocket.sendAsync('Hel', Text, WebSocketMessageFlags.None)
    const changed = webSocket.sendAsync('lo', Text, EndOfMessage | DisableCompression)
    await expect(changed).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'messageFlags' })
    await webSocket.sendAsync('lo', Text, EndOfMessage)
    expect([(await peer.nextFrame()).isFinal, (await peer.nextFrame()).isFinal]).toEqual([false, true])
  })

  it('keeps the order of messages and the Close frame while the thread pool compresses', async () => {
    const { webSocket, peer } = await openOverTcp(compressed)
    const texts = Array.from({ length: 50 }, (_, index) => `${index} `.repeat(1000))
    for (const [index, text] of texts.entries()) {
      void webSocket.sendAsync(text, Text, index % 3 === 0 ? EndOfMessage | DisableCompression : EndOfMessage)
    }
    void webSocket.closeOutputAsync(1000)
    const receiver = createReceiver()
    const messages: string[] = []
    receiver.on('message', (data: Buffer) => messages.push(data.toString()))
    const concluded = once(receiver, 'conclude')
    peer.duplex.pipe(receiver)
    await concluded
    expect(messages).toEqual(texts)
  })

  it('sends prepared and other messages on a connection with context takeover', async () => {
    const { server, client } = await openBothOverTcp(compressed)
    const text = 'once upon a time '.repeat(20)
    const prepared = prepareMessage(`${text}prepared`)
    const received = client[Symbol.asyncIterator]()
    for (let round = 0; round < 5; round++) {
      void server.sendAsync(`${text}${round}`)
      void server.sendAsync(prepared)
      expect((await received.next()).value).toBe(`${text}${round}`)
      expect((await received.next()).value).toBe(`${text}prepared`)
    }
  })

  it('rejects the sends that wait for the thread pool if the socket is aborted', async () => {
    const { webSocket } = await openOverTcp(compressed)
    const sends = Array.from({ length: 5 }, () => webSocket.sendAsync('x'.repeat(100_000)))
    webSocket.abort()
    const outcomes = await Promise.allSettled(sends)
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    expect(webSocket.state).toBe(WebSocketState.Aborted)
    await webSocket.completion
  })
})

function deflated(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

/** The client's side of `ws`, which its types do not declare. */
function createReceiver(): Writable {
  const { PerMessageDeflate, Receiver } = ws as unknown as {
    PerMessageDeflate: new (options: object) => { accept(offers: object[]): void }
    Receiver: new (options: object) => Writable
  }
  const deflate = new PerMessageDeflate({ isServer: false })
  deflate.accept([{}])
  return new Receiver({ isServer: false, extensions: { 'permessage-deflate': deflate } })
}
