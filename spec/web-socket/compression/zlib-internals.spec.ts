import { afterEach, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
import { canWriteNow, unreadBytes, writeNow } from '../../../lib/web-socket/compression/zlib-internals.ts'
import type { RawZlibStream } from '../../../lib/web-socket/compression/zlib-internals.ts'

const { Z_SYNC_FLUSH } = constants
const output = Buffer.alloc(131_072)
const streams = new Set<RawZlibStream>()

afterEach(() => {
  for (const stream of streams) stream.close()
  streams.clear()
})

describe('the undocumented members of zlib streams', () => {
  it('exist', () => {
    expect(canWriteNow(deflater())).toBe(true)
    expect(canWriteNow(inflater())).toBe(true)
  })

  it('are detected as missing if they are', () => {
    const stream = deflater()
    stream.close()
    expect(canWriteNow(stream)).toBe(false)
  })

  it('share their context between synchronous writes and the thread pool', async () => {
    const deflate = deflater()
    const inflate = inflater()
    const inflateInPool = inflater()
    for (let index = 0; index < 40; index++) {
      const bytes = Buffer.from(
        randomBytes(index % 3 === 0 ? 10_000 : 60)
          .toString('hex')
          .repeat(2),
      )
      const compressed = index % 3 === 0 ? await writeInPool(deflate, bytes) : now(deflate, bytes)
      expect(index % 2 === 0 ? await writeInPool(inflate, compressed) : now(inflate, compressed)).toEqual(bytes)
      expect(await writeInPool(inflateInPool, compressed)).toEqual(bytes)
    }
  })

  it('produce the same bytes as the documented functions', () => {
    const bytes = Buffer.from('Hello '.repeat(50))
    expect(now(deflater(), bytes)).toEqual(deflateRawSync(bytes, { finishFlush: Z_SYNC_FLUSH }))
  })

  it('forget the context on reset', () => {
    const deflate = deflater()
    const first = now(deflate, Buffer.from('Hello'))
    expect(now(deflate, Buffer.from('Hello'))).not.toEqual(first)
    deflate.reset()
    expect(now(deflate, Buffer.from('Hello'))).toEqual(first)
  })

  it('stop when the output buffer is full, and let the thread pool continue', async () => {
    const text = randomBytes(50_000).toString('hex')
    const compressed = deflateRawSync(text, { finishFlush: Z_SYNC_FLUSH })
    const inflate = inflater()
    expect(writeNow(inflate, compressed, compressed.length, output, 16_384)).toBe(16_384)
    const head = Buffer.from(output.subarray(0, 16_384))
    const rest = await writeInPool(inflate, compressed.subarray(compressed.length - unreadBytes(inflate)))
    expect(Buffer.concat([head, rest]).toString()).toBe(text)
  })

  it('have more output after all input was read, and the thread pool writes it', async () => {
    const compressed = deflateRawSync(Buffer.alloc(40_000), { finishFlush: Z_SYNC_FLUSH })
    const inflate = inflater()
    writeNow(inflate, compressed, compressed.length, output, 16_384)
    const rest = await writeInPool(inflate, compressed.subarray(compressed.length - unreadBytes(inflate)))
    expect(rest).toEqual(Buffer.alloc(40_000 - 16_384))
  })

  it('report data that does not inflate at once, and emit the error later', async () => {
    const inflate = inflater()
    const failed = once(inflate, 'error')
    writeNow(inflate, Buffer.alloc(10, 0xff), 10, output, output.length)
    expect(inflate.errored).toMatchObject({ code: 'Z_DATA_ERROR' })
    expect(await failed).toMatchObject([{ code: 'Z_DATA_ERROR' }])
  })

  it('leave the bytes after a final block unread', () => {
    const inflate = inflater()
    const compressed = Buffer.concat([deflateRawSync('Hello'), Buffer.from('behind')])
    expect(writeNow(inflate, compressed, compressed.length, output, output.length)).toBe(5)
    expect(unreadBytes(inflate)).toBe(6)
  })

  it('write with one job of the thread pool, and count the bytes that it has read', async () => {
    const inflate = inflater()
    const compressed = Buffer.concat([deflateRawSync('Hello'), Buffer.from('behind')])
    expect((await writeInPool(inflate, compressed)).toString()).toBe('Hello')
    expect(inflate.bytesWritten).toBe(compressed.length - 6)
    expect(inflateRawSync(deflateRawSync('Hello')).toString()).toBe('Hello')
  })
})

function deflater(): RawZlibStream {
  return keep(createDeflateRaw({ flush: Z_SYNC_FLUSH }))
}

function inflater(): RawZlibStream {
  return keep(createInflateRaw({ flush: Z_SYNC_FLUSH }))
}

function keep(stream: RawZlibStream): RawZlibStream {
  streams.add(stream)
  return stream
}

function now(stream: RawZlibStream, bytes: Buffer): Buffer {
  return Buffer.from(output.subarray(0, writeNow(stream, bytes, bytes.length, output, output.length)))
}

async function writeInPool(stream: RawZlibStream, bytes: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = []
  const onData = (chunk: Buffer): void => void chunks.push(chunk)
  stream.on('data', onData)
  await new Promise((resolve) => stream.write(bytes, resolve))
  stream.off('data', onData)
  return Buffer.concat(chunks)
}
