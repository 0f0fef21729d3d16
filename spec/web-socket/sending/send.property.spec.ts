import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import type { WebSocketDeflateOptions } from '../../../lib/web-socket/create-from-stream.ts'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { prepareMessage } from '../../../lib/web-socket/prepared-message.ts'
import { WebSocketException } from '../../../lib/errors/web-socket-exception.ts'
import { createPerMessageDeflate } from '../../../lib/ws/per-message-deflate-internals.ts'
import { parseFrames, rawFrame } from '../../support/raw-frames.ts'
import { readWithWs } from '../../support/read-with-ws.ts'
import { until } from '../../support/until.ts'

/** An action of the application or its peer. */
type Step =
  | { readonly type: 'send'; readonly data: string | Buffer; readonly isFinal: boolean; readonly isCancelled: boolean }
  | { readonly type: 'prepared'; readonly data: string | Buffer }
  | { readonly type: 'ping' }
  | { readonly type: 'peer pings'; readonly payload: string }
  | { readonly type: 'turn' }

const someData = fc.oneof(
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }), weight: 4 },
  { arbitrary: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)), weight: 4 },
  {
    arbitrary: fc.constantFrom(
      'long text '.repeat(2000),
      '\u20ac'.repeat(5500),
      Buffer.alloc(17_000, 'bytes'),
      Buffer.alloc(70_000, 'more'),
    ),
    weight: 1,
  },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      type: fc.constant('send' as const),
      data: someData,
      isFinal: fc.boolean(),
      isCancelled: fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
    }),
    weight: 6,
  },
  { arbitrary: fc.record({ type: fc.constant('prepared' as const), data: someData }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('ping' as const) }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('peer pings' as const), payload: fc.string({ maxLength: 20 }) }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('turn' as const) }), weight: 2 },
)

const deflateOptions = fc.option(
  fc.record({
    clientContextTakeover: fc.boolean(),
    serverContextTakeover: fc.boolean(),
    serverMaxWindowBits: fc.constantFrom(9, 15),
    compressionThreshold: fc.constantFrom(0, 50),
  }),
)

const THE_LAST: Step = { type: 'send', data: 'the last', isFinal: true, isCancelled: false }

describe('any interleaving of sends, pings and a close', () => {
  it('produces valid frames, which ws reads as the same messages in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.boolean(),
        deflateOptions,
        fc.constantFrom(500, 100_000),
        async (steps, isServer, deflate, highWaterMark) => {
          const [stream, peer] = duplexPair({ highWaterMark })
          const written = buffer(peer)
          const webSocket = ManagedWebSocket.createFromStream(stream, {
            isServer,
            ...(deflate === null ? {} : { dangerousDeflateOptions: deflate }),
          })
          const { sends, ...expected } = await play(steps, webSocket, peer, isServer)
          expect(sends).toEqual(expected.outcomes)
          await webSocket.closeOutputAsync(4000, 'end')
          webSocket.dispose()
          const bytes = await written

          const { frames, rest } = parseFrames(bytes)
          expect(rest).toHaveLength(0)
          expect(frames.every(({ isMasked }) => isMasked !== isServer)).toBe(true)
          expect(frames.filter(({ opcode }) => opcode === Opcode.Pong).map(({ payload }) => payload.toString())).toEqual(expected.pongs)
          expect(frames.at(-1)?.opcode).toBe(Opcode.Close)
          expect(await readWithWs([bytes], 0, receiverOptions(isServer, deflate))).toMatchObject({
            messages: expected.messages,
            end: 'close',
            closeStatus: 4000,
            reason: 'end',
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('produces valid frames, and none after a Close frame, if the socket ends meanwhile', async () => {
    const ending = fc.constantFrom('closeOutputAsync', 'violation', 'dispose')
    await fc.assert(
      fc.asyncProperty(
        fc.array(someData, { maxLength: 8 }),
        ending,
        fc.nat(8),
        fc.nat(3),
        deflateOptions,
        async (sent, end, place, turns, deflate) => {
          const [stream, peer] = duplexPair()
          const written = buffer(peer)
          const webSocket = ManagedWebSocket.createFromStream(stream, {
            isServer: true,
            ...(deflate === null ? {} : { dangerousDeflateOptions: deflate }),
          })
          const received = webSocket.receiveAsync(Buffer.alloc(1))
          const sends: Promise<string>[] = []
          for (const [index, data] of [...sent, 'the last'].entries()) {
            if (index === Math.min(place, sent.length)) {
              for (let turn = 0; turn < turns; turn++) await setImmediate()
              if (end === 'closeOutputAsync') void webSocket.closeOutputAsync(4000)
              if (end === 'violation') peer.write(rawFrame(3))
              if (end === 'dispose') webSocket.dispose()
            }
            sends.push(webSocket.sendAsync(data).then(() => 'sent', codeOf))
          }
          const outcomes = await Promise.all(sends)
          if (end === 'violation') await received.catch(() => undefined)
          webSocket.dispose()
          const bytes = await written

          const { frames, rest } = parseFrames(bytes)
          const read = await readWithWs([bytes], 0, receiverOptions(true, deflate))
          const isClosing = end !== 'dispose'
          expect(rest).toHaveLength(0)
          expect(read.end).toBe(isClosing ? 'close' : 'more')
          expect(frames.findIndex(({ opcode }) => opcode === Opcode.Close)).toBe(isClosing ? frames.length - 1 : -1)
          expect(read.messages).toHaveLength(outcomes.filter((outcome) => outcome === 'sent').length)
        },
      ),
      { numRuns: 150 },
    )
  })
})

interface Expectation {
  readonly messages: readonly string[]
  readonly pongs: readonly string[]
  /** The outcome of each send, in order. */
  readonly outcomes: readonly string[]
}

/** Executes the steps. Returns the expected frames, and the outcomes of the sends. */
async function play(
  steps: readonly Step[],
  webSocket: ManagedWebSocket,
  peer: Duplex,
  isServer: boolean,
): Promise<Expectation & { readonly sends: readonly string[] }> {
  const messages: string[] = []
  const pongs: string[] = []
  const outcomes: string[] = []
  const sends: Promise<string>[] = []
  let begun: { readonly type: string; readonly payload: string } | undefined
  const send = (sent: Promise<void>, data: string | Buffer, isFinal: boolean, outcome: string): void => {
    sends.push(sent.then(() => 'sent', codeOf))
    outcomes.push(outcome)
    if (outcome !== 'sent') return
    const { type, payload } = begun ?? { type: typeof data === 'string' ? 'text' : 'binary', payload: '' }
    const message = { type, payload: payload + Buffer.from(data).toString('hex') }
    if (isFinal) messages.push(`${message.type} ${message.payload}`)
    begun = isFinal ? undefined : message
  }
  // So that pings are answered at once.
  void webSocket.receiveAsync(Buffer.alloc(1))
  for (const current of [...steps, THE_LAST]) {
    switch (current.type) {
      case 'send': {
        const { data, isFinal, isCancelled } = current
        const sent = webSocket.sendAsync(data, undefined, isFinal, isCancelled ? AbortSignal.abort() : undefined)
        send(sent, data, isFinal, isCancelled ? 'ABORT_ERR' : 'sent')
        break
      }
      case 'prepared': {
        const isRefused = begun !== undefined
        send(webSocket.sendAsync(prepareMessage(current.data)), current.data, true, isRefused ? 'ERR_WEBSOCKET_INVALID_ARGUMENT' : 'sent')
        break
      }
      case 'ping': {
        void webSocket.pingAsync()
        break
      }
      case 'peer pings': {
        // Not while the transport is full: then only the latest ping is answered.
        await Promise.all(sends)
        await until(() => webSocket.bufferedAmount === 0)
        peer.write(rawFrame(Opcode.Ping, current.payload, isServer ? {} : { mask: false }))
        pongs.push(current.payload)
        await setImmediate()
        break
      }
      case 'turn': {
        await setImmediate()
        break
      }
    }
  }
  return { messages, pongs, outcomes, sends: await Promise.all(sends) }
}

function codeOf(error: unknown): string {
  return error instanceof WebSocketException ? error.code : String(error)
}

/** As in .NET, sent text is not validated, so a text message may continue with any bytes. */
function receiverOptions(isServer: boolean, deflate: WebSocketDeflateOptions | null): object {
  if (deflate === null) return { isServer: !isServer, skipUTF8Validation: true }
  const extension = createPerMessageDeflate(
    { isServer: !isServer, maxPayload: 0, zlibDeflateOptions: { level: -1 } },
    {
      server_max_window_bits: deflate.serverMaxWindowBits ?? 15,
      ...(deflate.serverContextTakeover === false ? { server_no_context_takeover: true } : {}),
      ...(deflate.clientContextTakeover === false ? { client_no_context_takeover: true } : {}),
    },
  )
  return { isServer: !isServer, skipUTF8Validation: true, extensions: { 'permessage-deflate': extension } }
}
