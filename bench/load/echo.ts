import assert from 'node:assert/strict'
import { connectMany } from './connect.ts'
import type { Connection } from './connect.ts'
import { clientFrame, FrameWalker, messageOf } from './frames.ts'
import { Latencies } from './latencies.ts'
import { measure } from './measure.ts'
import type { EchoTask, LoadResult } from './task.ts'

/** Sends messages, and another one for each that comes back. */
export async function echo(task: EchoTask): Promise<LoadResult> {
  const message = messageOf(task.size)
  const frame = clientFrame(message, task.isText)
  const frames = Buffer.concat(Array.from({ length: task.inFlight }, () => frame))
  const connections = await connectMany(task.connections, task.port, task.path, task.isSecure)
  const latencies = new Latencies()
  const walkers = connections.map((connection) => start(connection, message, frame.length, frames, latencies))
  const count = (): number => walkers.reduce((sum, walker) => sum + walker.messages, 0)
  const result = await measure(task, count, () => latencies.clear())
  assert(
    walkers.every((walker) => walker.messages > 0 && !walker.isClosed),
    'A connection has received nothing',
  )
  return task.inFlight === 1 ? { ...result, latency: latencies.summary() } : result
}

function start(connection: Connection, message: Buffer, frameSize: number, frames: Buffer, latencies: Latencies): FrameWalker {
  const walker = new FrameWalker()
  let sentAt = performance.now()
  connection.onBytes = (bytes) => {
    const before = walker.messages
    walker.walk(bytes)
    const arrived = walker.messages - before
    if (arrived === 0) return
    if (before === 0) checkFirst(walker, message)
    if (frames.length === frameSize) {
      const now = performance.now()
      latencies.add(now - sentAt)
      sentAt = now
    }
    connection.socket.write(frames.subarray(0, arrived * frameSize))
  }
  connection.socket.write(frames)
  return walker
}

/** The first echo has to be what was sent; the others are counted. */
export function checkFirst(walker: FrameWalker, message: Buffer): void {
  const echoed = Buffer.concat(walker.firstMessage ?? [])
  walker.firstMessage = undefined
  assert.deepEqual(echoed, message, 'The server did not send back what it was sent')
}
