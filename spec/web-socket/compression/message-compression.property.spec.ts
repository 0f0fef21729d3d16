import { describe, it } from '@jest/globals'
import { deepStrictEqual } from 'node:assert'
import * as fc from 'fast-check'
import { MessageDeflater } from '../../../lib/web-socket/compression/message-deflater.ts'
import { MessageInflater } from '../../../lib/web-socket/compression/message-inflater.ts'
import type { WebSocketCompression } from '../../../lib/web-socket/values/web-socket-settings.ts'
import { createPerMessageDeflate, toDeflateParams } from '../../../lib/ws/per-message-deflate-internals.ts'
import type { PerMessageDeflate } from '../../../lib/ws/per-message-deflate-internals.ts'

/** Lengths around every limit: of synchronous compression, of one output buffer, and of the thread pool. */
const length = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 200 }), weight: 6 },
  { arbitrary: fc.constantFrom(2047, 2048, 2049, 8191, 8192, 8193, 16_383, 16_384, 16_385), weight: 3 },
  { arbitrary: fc.constantFrom(65_535, 65_536, 65_537, 70_000, 200_000), weight: 1 },
)

const CONTENTS = {
  zeros: (size: number) => Buffer.alloc(size),
  noise: (size: number, seed: number) =>
    Buffer.from(Array.from({ length: size }, (_, index) => Math.imul(index + seed, 2_654_435_761) >>> 24)),
  json: (size: number, seed: number) => Buffer.alloc(size, `{"id":${seed},"text":"gr\u00fc\u00dfe","at":${seed * 7}},`),
}

const fragment = fc.record({
  length,
  content: fc.constantFrom<keyof typeof CONTENTS>('zeros', 'noise', 'json'),
  seed: fc.integer({ min: 0, max: 99 }),
  isFinal: fc.boolean(),
  isString: fc.boolean(),
})

const compression: fc.Arbitrary<WebSocketCompression> = fc.record({
  clientContextTakeover: fc.boolean(),
  clientMaxWindowBits: fc.integer({ min: 9, max: 15 }),
  serverContextTakeover: fc.boolean(),
  serverMaxWindowBits: fc.integer({ min: 9, max: 15 }),
  threshold: fc.constant(0),
  level: fc.constantFrom(-1, 0, 1, 6, 9),
})

const between = fc.constantFrom('nothing', 'forget', 'rest')

describe('messages of any length, in fragments, compressed synchronously and in the thread pool', () => {
  it('are inflated by ws byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        compression,
        fc.boolean(),
        fc.array(fc.tuple(fragment, between), { maxLength: 12 }),
        async (agreed, isServer, steps) => {
          const deflater = new MessageDeflater(agreed, isServer)
          const oracle = createOracle(agreed, !isServer)
          let now = 0
          for (const [{ isFinal, isString, ...payload }, action] of steps) {
            const text = bytesOf(payload).toString('utf8')
            const bytes = isString ? Buffer.from(text, 'utf8') : bytesOf(payload)
            const compressed = await compress(deflater, isString ? text : bytes, isFinal)
            deepStrictEqual(await decompress(oracle, compressed, isFinal), bytes)
            if (action === 'forget' && isFinal) deflater.forgetSentMessages()
            if (action === 'rest') deflater.rest((now += 40_000))
          }
          deflater.dispose()
          oracle.cleanup()
        },
      ),
      { numRuns: 150 },
    )
  })

  it('are inflated as ws compresses them', async () => {
    await fc.assert(
      fc.asyncProperty(compression, fc.boolean(), fc.array(fragment, { maxLength: 12 }), async (agreed, isServer, fragments) => {
        const inflater = new MessageInflater(agreed, { isServer, maxMessageSize: Infinity })
        const oracle = createOracle(agreed, !isServer)
        for (const { isFinal, ...payload } of fragments) {
          const bytes = bytesOf(payload)
          const compressed = bytes.length === 0 ? Buffer.from(isFinal ? [0] : []) : await compressByOracle(oracle, bytes, isFinal)
          // The empty end of a message was not passed to zlib, which writes nothing for an empty input.
          const keepsContext = isServer ? agreed.clientContextTakeover : agreed.serverContextTakeover
          if (bytes.length === 0 && isFinal && !keepsContext) oracle._deflate?.reset()
          deepStrictEqual(await inflate(inflater, compressed, isFinal), bytes)
        }
        inflater.dispose()
        oracle.cleanup()
      }),
      { numRuns: 150 },
    )
  })

  it('are rejected above maxMessageSize, and not below', async () => {
    await fc.assert(
      fc.asyncProperty(compression, fragment, fc.integer({ min: 0, max: 2 }), async (agreed, payload, missing) => {
        const bytes = bytesOf(payload)
        const oracle = createOracle(agreed, false)
        const compressed = bytes.length === 0 ? Buffer.from([0]) : await compressByOracle(oracle, bytes, true)
        const inflater = new MessageInflater(agreed, { isServer: true, maxMessageSize: Math.max(0, bytes.length - missing) })
        const outcome = await inflate(inflater, compressed, true)
        const isTooLong = missing > 0 && bytes.length > 0
        deepStrictEqual('closeStatus' in outcome ? outcome.closeStatus : outcome, isTooLong ? 1009 : bytes)
        inflater.dispose()
        oracle.cleanup()
      }),
      { numRuns: 150 },
    )
  })
})

function bytesOf({ content, length: size, seed }: { content: keyof typeof CONTENTS; length: number; seed: number }): Buffer {
  return CONTENTS[content](size, seed)
}

function createOracle(agreed: WebSocketCompression, isServer: boolean): PerMessageDeflate {
  return createPerMessageDeflate({ isServer, maxPayload: 0, zlibDeflateOptions: { level: agreed.level } }, toDeflateParams(agreed))
}

function compress(deflater: MessageDeflater, payload: Buffer | string, isFinal: boolean): Promise<Buffer> {
  const compressed = deflater.compressNow(payload, isFinal)
  if (compressed !== undefined) return Promise.resolve(Buffer.from(compressed))
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(payload as Buffer)
    deflater.compressInPool(bytes, isFinal, (error, result) => (error === undefined ? resolve(Buffer.from(result)) : reject(error)))
  })
}

async function inflate(
  inflater: MessageInflater,
  payload: Buffer,
  isFinal: boolean,
): Promise<NonNullable<ReturnType<MessageInflater['inflate']>>> {
  const outcome = await new Promise<NonNullable<ReturnType<MessageInflater['inflate']>>>((resolve) => {
    const result = inflater.inflate(payload, isFinal, { onInflated: resolve })
    if (result !== undefined) resolve(result instanceof Uint8Array ? Buffer.from(result) : result)
  })
  return 'closeStatus' in outcome ? outcome : Buffer.from(outcome)
}

function decompress(oracle: PerMessageDeflate, compressed: Buffer, isFinal: boolean): Promise<Buffer> {
  if (compressed.length === 0) return Promise.resolve(compressed)
  return new Promise((resolve, reject) => {
    oracle.decompress(compressed, isFinal, (error, result) => (error === null ? resolve(Buffer.from(result)) : reject(error)))
  })
}

function compressByOracle(oracle: PerMessageDeflate, bytes: Buffer, isFinal: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    oracle.compress(bytes, isFinal, (error, result) => (error === null ? resolve(Buffer.from(result)) : reject(error)))
  })
}
