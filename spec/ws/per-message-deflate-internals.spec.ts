import { describe, expect, it } from '@jest/globals'
import { inflateRawSync } from 'node:zlib'
import * as ws from 'ws'
import { createPerMessageDeflate } from '../../lib/ws/per-message-deflate-internals.ts'
import type { PerMessageDeflate, PerMessageDeflateParams } from '../../lib/ws/per-message-deflate-internals.ts'

const TRAILER = Buffer.from('0000ffff', 'hex')

describe('the undocumented exports of ws', () => {
  it('exist', () => {
    expect(ws).toMatchObject({
      PerMessageDeflate: expect.any(Function),
      extension: { parse: expect.any(Function), format: expect.any(Function) },
      subprotocol: { parse: expect.any(Function) },
    })
  })

  it('deflate as the server, with the given parameters', async () => {
    const deflate = create(true, { server_max_window_bits: 9 })
    const compressed = await compress(deflate, 'Hello'.repeat(100))

    expect(inflateRawSync(Buffer.concat([compressed, TRAILER]), { finishFlush: 2, windowBits: 9 }).toString()).toBe('Hello'.repeat(100))
  })

  it('keep the context between messages, unless negotiated otherwise', async () => {
    const keeping = create(true, {})
    const forgetting = create(true, { server_no_context_takeover: true })
    const text = 'It was the best of times, it was the worst of times'
    const first = await compress(keeping, text)
    const second = await compress(keeping, text)

    expect(second.length).toBeLessThan(first.length / 2)
    expect(await compress(forgetting, text)).toEqual(await compress(forgetting, text))
  })

  it('inflate fragments as server and as client', async () => {
    for (const isServer of [true, false]) {
      const sender = create(!isServer, {})
      const receiver = create(isServer, {})
      const fragments = [await compress(sender, 'first ', false), await compress(sender, 'second', true)]

      expect((await inflate(receiver, fragments[0] ?? TRAILER, false)).toString()).toBe('first ')
      expect((await inflate(receiver, fragments[1] ?? TRAILER, true)).toString()).toBe('second')
    }
  })

  it('report data that does not inflate', async () => {
    await expect(inflate(create(true, {}), Buffer.alloc(10, 0xff), true)).rejects.toMatchObject({ code: expect.stringMatching(/^Z_/) })
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
