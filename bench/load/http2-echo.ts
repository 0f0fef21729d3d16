import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { checkFirst } from './echo.ts'
import { clientFrame, FrameWalker, messageOf } from './frames.ts'
import { measure } from './measure.ts'
import type { Http2EchoTask, LoadResult } from './task.ts'

/** Measures echoes over WebSockets that share one HTTP/2 connection (RFC 8441). */
export async function http2Echo(task: Http2EchoTask): Promise<LoadResult> {
  const session = http2.connect(`https://127.0.0.1:${task.port}`, { rejectUnauthorized: false })
  await once(session, 'remoteSettings')
  const message = messageOf(task.size)
  const frame = clientFrame(message, true)
  const frames = Buffer.concat(Array.from({ length: task.inFlight }, () => frame))
  const streams = await Promise.all(Array.from({ length: task.connections }, () => open(session, task.path)))
  const walkers = streams.map((stream) => {
    const walker = new FrameWalker()
    stream.on('data', (bytes: Buffer) => {
      const before = walker.messages
      walker.walk(bytes)
      if (before === 0 && walker.messages > 0) checkFirst(walker, message, false)
      if (walker.messages > before) stream.write(frames.subarray(0, (walker.messages - before) * frame.length))
    })
    stream.write(frames)
    return walker
  })
  const result = await measure(task, () => walkers.reduce((sum, walker) => sum + walker.messages, 0))
  assert(
    walkers.every((walker) => walker.messages > 0),
    'A stream has received nothing',
  )
  return result
}

async function open(session: http2.ClientHttp2Session, path: string): Promise<http2.ClientHttp2Stream> {
  const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' }
  const stream = session.request(headers, { endStream: false })
  const [response] = await once(stream, 'response')
  assert.equal(response[':status'], 200)
  return stream
}
