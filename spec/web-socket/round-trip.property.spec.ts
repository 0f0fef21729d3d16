import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { duplexPair, Transform } from 'node:stream'
import type { Duplex } from 'node:stream'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import type { WebSocketMessage } from '../../lib/web-socket/receiving/web-socket-message.ts'
import { WebSocketMessageType } from '../../lib/web-socket/values/web-socket-message-type.ts'

const data = fc.oneof(
  { arbitrary: fc.constant(''), weight: 1 },
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }), weight: 4 },
  { arbitrary: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)), weight: 4 },
  { arbitrary: fc.constantFrom('\u20ac'.repeat(22_000), Buffer.alloc(70_000, 'bytes')), weight: 1 },
)

/** A message and its fragments. */
const message = fc.oneof(
  fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 2, maxLength: 4 }),
  fc.array(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    { minLength: 2, maxLength: 4 },
  ),
  data.map((whole) => [whole]),
)

const deflate = fc.option(
  fc.record({
    clientContextTakeover: fc.boolean(),
    serverContextTakeover: fc.boolean(),
    clientMaxWindowBits: fc.constantFrom(9, 15),
    serverMaxWindowBits: fc.constantFrom(9, 15),
    compressionThreshold: fc.constantFrom(0, 30),
  }),
)

describe('messages in any fragments, compressed or not', () => {
  it('arrive at the other end, in any chunks of the transport', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 10 }),
        fc.boolean(),
        deflate,
        fc.array(fc.integer({ min: 3, max: 300 }), { minLength: 1, maxLength: 5 }),
        async (messages, isServer, dangerousDeflateOptions, sizes) => {
          const [stream, otherStream] = cuttingPair(sizes)
          const options = dangerousDeflateOptions === null ? {} : { dangerousDeflateOptions }
          const webSocket = ManagedWebSocket.createFromStream(stream, { ...options, isServer })
          const other = ManagedWebSocket.createFromStream(otherStream, { ...options, isServer: !isServer })
          const received: WebSocketMessage[] = []
          const receiving = (async () => {
            for await (const arrived of other) received.push(arrived)
            await other.closeOutputAsync(1000)
          })()
          for (const fragments of messages) {
            for (const [index, fragment] of fragments.entries())
              void webSocket.sendAsync(fragment, undefined, index === fragments.length - 1)
          }
          await webSocket.closeAsync(1000)
          await receiving

          expect(received).toEqual(messages.map(joined))
          stream.destroy()
          otherStream.destroy()
        },
      ),
      { numRuns: 30 },
    )
  })

  it('arrive at the other end in parts of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 10 }),
        deflate,
        fc.integer({ min: 1, max: 200 }),
        async (messages, dangerousDeflateOptions, size) => {
          const [stream, otherStream] = cuttingPair([100])
          const options = dangerousDeflateOptions === null ? {} : { dangerousDeflateOptions }
          const webSocket = ManagedWebSocket.createFromStream(stream, { ...options, isServer: true })
          const other = ManagedWebSocket.createFromStream(otherStream, { ...options, isServer: false })
          const sending = (async () => {
            for (const fragments of messages) {
              for (const [index, fragment] of fragments.entries())
                await webSocket.sendAsync(fragment, undefined, index === fragments.length - 1)
            }
            await webSocket.closeOutputAsync(1000)
          })()

          expect(await receiveParts(other, size)).toEqual(messages.map(joined))
          await sending
          stream.destroy()
          otherStream.destroy()
        },
      ),
      { numRuns: 30 },
    )
  })
})

async function receiveParts(webSocket: ManagedWebSocket, size: number): Promise<WebSocketMessage[]> {
  const messages: WebSocketMessage[] = []
  let parts: Buffer[] = []
  for (;;) {
    const buffer = Buffer.alloc(size)
    const { count, endOfMessage, messageType } = await webSocket.receiveAsync(buffer)
    if (messageType === WebSocketMessageType.Close) return messages
    parts.push(buffer.subarray(0, count))
    if (!endOfMessage) continue
    const whole = Buffer.concat(parts)
    messages.push(messageType === WebSocketMessageType.Text ? whole.toString() : whole)
    parts = []
  }
}

function joined(fragments: readonly (string | Buffer)[]): WebSocketMessage {
  const whole = Buffer.concat(fragments.map((fragment) => Buffer.from(fragment)))
  return typeof fragments[0] === 'string' ? whole.toString() : whole
}

/** Two ends of a transport that delivers chunks of the given sizes in rotation. */
function cuttingPair(sizes: readonly number[]): [Duplex, Duplex] {
  const [end, inner] = duplexPair()
  const [otherEnd, otherInner] = duplexPair()
  inner.pipe(cutter(sizes)).pipe(otherInner)
  otherInner.pipe(cutter(sizes)).pipe(inner)
  return [end, otherEnd]
}

function cutter(sizes: readonly number[]): Transform {
  let turn = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      for (let start = 0; start < chunk.length;) {
        const end = start + (sizes[turn++ % sizes.length] ?? 1)
        this.push(chunk.subarray(start, end))
        start = end
      }
      callback()
    },
  })
}
