import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { types } from 'node:util'
import { afterEach, describe, expect, it } from '@jest/globals'
import { boundWrites } from '../../../../lib/hosting/http2/stream/bounded-writes.ts'
import { closeHttp2Peers, connectHttp2, connectRaw, listen, rawFields, request } from '../../../support/http2-peers.ts'
import { frameTypes, tabledStatus } from '../../../support/raw-http2.ts'

afterEach(closeHttp2Peers)

const bytes = randomBytes(1_000_000)

describe('boundWrites', () => {
  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['one chunk', (stream) => void stream.write(bytes)],
    ['many small ones', (stream) => eachSlice(1000, (slice) => stream.write(slice))],
    ['many small ones at once', (stream) => atOnce(stream, () => eachSlice(1000, (slice) => stream.write(slice)))],
    ['chunks of the limit and a byte at once', (stream) => atOnce(stream, () => eachSlice(65_537, (slice) => stream.write(slice)))],
    [
      'a small and a big one at once',
      (stream) =>
        atOnce(stream, () => {
          stream.write(bytes.subarray(0, 10))
          stream.write(bytes.subarray(10))
        }),
    ],
  ])('writes %s in order and then ends', async (_what, write) => {
    const server = createServer()
    server.on('stream', (stream) => {
      const end = boundWrites(stream)
      stream.respond({ ':status': 200 })
      write(stream)
      end(() => undefined)
    })
    await listen(server)
    const { body, closeCode } = await request(await connectHttp2(server), '/')
    expect([body.equals(bytes), closeCode]).toEqual([true, 0])
  })

  it('leaves room in the session, regardless of what is written', async () => {
    const server = createServer({ maxSessionMemory: 1 })
    server.on('stream', (stream, { ':method': method }) => {
      boundWrites(stream)
      stream.on('error', () => undefined).respond({ ':status': 200 })
      if (method === 'GET') atOnce(stream, () => [1, 2, 3, 4, 5].forEach(() => stream.write(bytes)))
    })
    await listen(server)
    const client = await connectRaw(server)
    client.sendHeaders(1, rawFields('GET', '/'), true)
    await client.frameOn(1, frameTypes.data)
    client.sendHeaders(3, rawFields('HEAD', '/'), true)
    expect(tabledStatus(await client.frame(({ streamId }) => streamId === 3))).toBe(200)
  })

  it('reports the error if the stream breaks in the middle', async () => {
    const server = createServer()
    const failed = new Promise<unknown>((resolve) => {
      server.on('stream', (stream) => {
        const end = boundWrites(stream)
        stream.on('error', () => undefined).respond({ ':status': 200 })
        stream.write(bytes, resolve)
        end(() => undefined)
        setImmediate(() => stream.destroy(new Error('of the stream')))
      })
    })
    await listen(server)
    const client = await connectRaw(server)
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(types.isNativeError(await failed)).toBe(true)
  })
})

function eachSlice(length: number, use: (slice: Buffer) => void): void {
  for (let start = 0; start < bytes.length; start += length) use(bytes.subarray(start, start + length))
}

function atOnce(stream: ServerHttp2Stream, write: () => void): void {
  stream.cork()
  write()
  stream.uncork()
}
