import { describe, expect, it } from '@jest/globals'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import * as ws from 'ws'
import {
  createPerMessageDeflate,
  limitInflation,
  MAX_PAYLOAD_EXCEEDED,
  resetDeflate,
} from '../../../lib/web-socket/compression/ws-internals.ts'
import type { PerMessageDeflate, PerMessageDeflateParams } from '../../../lib/web-socket/compression/ws-internals.ts'

const TRAILER = Buffer.from('0000ffff', 'hex')

describe('what is used of ws beyond its documented interface', () => {
  it('is exported', () => {
    expect(ws).toMatchObject({
      PerMessageDeflate: expect.any(Function),
      extension: { parse: expect.any(Function), format: expect.any(Function) },
      subprotocol: { parse: expect.any(Function) },
    })
  })

  it('deflates as the server, with the parameters that are set', async () => {
    const deflate = create(true, { server_max_window_bits: 9 })
    const compressed = await compress(deflate, 'Hello'.repeat(100))

    expect(inflateRawSync(Buffer.concat([compressed, TRAILER]), { finishFlush: 2, windowBits: 9 }).toString()).toBe('Hello'.repeat(100))
  })

  it('keeps its window from message to message, unless agreed otherwise, or reset', async () => {
    const keeping = create(true, {})
    const forgetting = create(true, { server_no_context_takeover: true })
    const text = 'It was the best of times, it was the worst of times'
    const first = await compress(keeping, text)
    const second = await compress(keeping, text)
    resetDeflate(keeping)
    const third = await compress(keeping, text)

    expect(second.length).toBeLessThan(first.length / 2)
    expect(third).toEqual(first)
    expect(await compress(forgetting, text)).toEqual(await compress(forgetting, text))
  })

  it('has nothing to reset before the first message', () => {
    const deflate = create(true, {})

    expect(deflate._deflate).toBeNull()
    expect(() => resetDeflate(deflate)).not.toThrow()
  })

  it('inflates fragments as the server, and as the client', async () => {
    for (const isServer of [true, false]) {
      const sender = create(!isServer, {})
      const receiver = create(isServer, {})
      const fragments = [await compress(sender, 'first ', false), await compress(sender, 'second', true)]

      expect((await inflate(receiver, fragments[0] ?? TRAILER, false)).toString()).toBe('first ')
      expect((await inflate(receiver, fragments[1] ?? TRAILER, true)).toString()).toBe('second')
    }
  })

  it('stops at the limit that is set before each message, with its code', async () => {
    const deflate = create(true, {})
    const bomb = deflateRawSync(Buffer.alloc(100_000))
    limitInflation(deflate, 100_000)
    expect(await inflate(deflate, bomb, true)).toHaveLength(100_000)
    limitInflation(deflate, 99_999)

    await expect(inflate(deflate, bomb, true)).rejects.toMatchObject({ code: MAX_PAYLOAD_EXCEEDED })
  })

  it('takes limits beyond 31 bits, and below one byte, as the nearest it knows', () => {
    const deflate = create(true, {})
    limitInflation(deflate, Infinity)
    expect(deflate._maxPayload).toBe(0x7fff_ffff)
    limitInflation(deflate, 0)
    expect(deflate._maxPayload).toBe(1)
  })

  it('reports data that does not inflate', async () => {
    await expect(inflate(create(true, {}), Buffer.alloc(10, 0xff), true)).rejects.toMatchObject({ code: expect.stringMatching(/^Z_/) })
  })

  it('calls back with an error when it is cleaned up while it compresses, and can be cleaned up twice', async () => {
    const deflate = create(true, {})
    const compressed = compress(deflate, 'text')
    deflate.cleanup()

    await expect(compressed).rejects.toThrow(/closed/)
    expect(() => deflate.cleanup()).not.toThrow()
  })
})

function create(isServer: boolean, params: PerMessageDeflateParams): PerMessageDeflate {
  return createPerMessageDeflate({ isServer, maxPayload: 0, zlibDeflateOptions: { level: -1 } }, params)
}

function compress(deflate: PerMessageDeflate, text: string, isFinal = true): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflate.compress(Buffer.from(text), isFinal, (error, result) => (error === null ? resolve(Buffer.from(result)) : reject(error)))
  })
}

function inflate(deflate: PerMessageDeflate, data: Buffer, isFinal: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflate.decompress(data, isFinal, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}
