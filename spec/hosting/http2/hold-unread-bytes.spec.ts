import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from '@jest/globals'
import { holdUnreadBytes } from '../../../lib/web-socket/memory/hold-unread-bytes.ts'
import { closeHttp2Peers, connectRaw, listen, rawFields } from '../../support/http2-peers.ts'
import type { RawHttp2Client } from '../../support/raw-http2.ts'
import { runScript } from '../../support/run-script.ts'
import { until } from '../../support/until.ts'

afterEach(closeHttp2Peers)

describe('bytes that arrive one by one over HTTP/2 and are not read', () => {
  it.each([
    ['of a request body', 'body'],
    ['of a WebSocket before it is accepted', 'waiting'],
    ['of a WebSocket without a receive', 'accepted'],
  ])(
    'use at most four times their size in memory: %s',
    async (_what, stage) => {
      const { exitCode, stdout, stderr } = await runScript('spec/hosting/http2/scripts/unread-bytes.ts', ['--expose-gc'], [stage])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const { held, sent } = JSON.parse(stdout) as { held: number; sent: number }
      expect(held).toBeLessThan(4 * sent)
    },
    60_000,
  )
})

describe('holdUnreadBytes', () => {
  it.each(['data', 'readable'] as const)("delivers by '%s' earlier bytes in order, and then later ones", async (event) => {
    const { client, stream } = await openHeldStream()
    await sendUnread(client, ['one,', 'two,'])
    const read = readBy(stream, event)
    await until(() => read() === 'one,two,')
    client.sendData(1, 'three', true)
    await once(stream, 'end')
    expect(read()).toBe('one,two,three')
  })

  it.each(['data', 'readable'] as const)("delivers by '%s' earlier bytes even if the client has ended its side", async (event) => {
    const { client, stream } = await openHeldStream()
    await sendUnread(client, ['one,', 'two,', 'three'], true)
    const read = readBy(stream, event)
    await once(stream, 'end')
    expect(read()).toBe('one,two,three')
  })

  it('delivers earlier bytes to an async iteration', async () => {
    const { client, stream } = await openHeldStream()
    await sendUnread(client, ['one,', 'two,'])
    const whole = text(stream)
    client.sendData(1, 'three', true)
    expect(await whole).toBe('one,two,three')
  })

  it('holds bytes again while the stream is paused', async () => {
    const { client, stream } = await openHeldStream()
    const read = readBy(stream, 'data')
    client.sendData(1, 'one,')
    await until(() => read() === 'one,')
    stream.pause()
    await sendUnread(client, ['two,', 'three'])
    expect({ read: read(), readableLength: stream.readableLength }).toEqual({ read: 'one,', readableLength: 0 })
    stream.resume()
    await until(() => read() === 'one,two,three')
  })
})

async function openHeldStream(): Promise<{ readonly client: RawHttp2Client; readonly stream: ServerHttp2Stream }> {
  const server = createServer()
  server.on('stream', (stream) => holdUnreadBytes(stream, 0))
  await listen(server)
  const client = await connectRaw(server)
  const opened = once(server, 'stream') as Promise<[ServerHttp2Stream]>
  client.sendHeaders(1, rawFields('POST', '/'))
  const [stream] = await opened
  return { client, stream }
}

/** Sends DATA on stream 1, and a PING. When the PING is answered, the server has received the DATA. */
async function sendUnread(client: RawHttp2Client, parts: readonly string[], isEnd = false): Promise<void> {
  const pingType = 6
  for (const [index, part] of parts.entries()) client.sendData(1, part, isEnd && index === parts.length - 1)
  client.send(pingType, 0, 0, Buffer.alloc(8))
  await client.frame(({ type, flags }) => type === pingType && flags === 1)
}

/** Reads the stream. Returns a function for what was read so far. */
function readBy(stream: ServerHttp2Stream, event: 'data' | 'readable'): () => string {
  let read = ''
  stream.on(event, (chunk?: Buffer) => {
    read += (chunk ?? (stream.read() as Buffer | null) ?? '').toString()
  })
  return () => read
}
