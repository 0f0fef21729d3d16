import assert from 'node:assert/strict'
import { compressMessage, inflateMessage } from './compress-message.ts'
import { connectMany } from './connect.ts'
import type { Connection } from './connect.ts'
import { clientFrame, FrameWalker, messageOf } from './frames.ts'
import { FrameCycle } from './frame-cycle.ts'
import { Latencies } from './latencies.ts'
import { measure } from './measure.ts'
import { sampleMessages } from './sample-messages.ts'
import type { EchoTask, LoadResult } from './task.ts'

/** Sends messages, and the next one for each echo. */
export async function echo(task: EchoTask): Promise<LoadResult> {
  const { extensions, inFlight, isSecure = false, isText, size } = task
  const isCompressed = extensions !== undefined
  const messages = isCompressed ? sampleMessages(size) : [messageOf(size)]
  const frames = messages.map((message) => clientFrame(isCompressed ? compressMessage(message) : message, isText, isCompressed))
  const cycle = new FrameCycle(frames, inFlight)
  const connections = await connectMany(task.connections, task.port, task.path, { isSecure, ...(isCompressed && { extensions }) })
  const latencies = new Latencies()
  const walkers = connections.map((connection) => start(connection, messages[0], cycle, task, latencies))
  const count = (): number => walkers.reduce((sum, walker) => sum + walker.messages, 0)
  const result = await measure(task, count, () => latencies.clear())
  assert(
    walkers.every((walker) => walker.messages > 0 && !walker.isClosed),
    'A connection has received nothing',
  )
  return task.inFlight === 1 ? { ...result, latency: latencies.summary() } : result
}

function start(
  connection: Connection,
  message: Buffer | undefined,
  cycle: FrameCycle,
  { extensions, inFlight }: EchoTask,
  latencies: Latencies,
): FrameWalker {
  const walker = new FrameWalker()
  let sentAt = performance.now()
  connection.onBytes = (bytes) => {
    const before = walker.messages
    walker.walk(bytes)
    const arrived = walker.messages - before
    if (arrived === 0) return
    if (before === 0) checkFirst(walker, message, extensions !== undefined)
    if (inFlight === 1) {
      const now = performance.now()
      latencies.add(now - sentAt)
      sentAt = now
    }
    connection.socket.write(cycle.take(before + inFlight, arrived))
  }
  connection.socket.write(cycle.take(0, inFlight))
  return walker
}

/** Compares the first echo with the message. Later echoes are only counted. */
export function checkFirst(walker: FrameWalker, message: Buffer | undefined, isCompressed: boolean): void {
  const payload = Buffer.concat(walker.firstMessage ?? [])
  walker.firstMessage = undefined
  const echoed = isCompressed ? inflateMessage(payload) : payload
  assert.deepEqual(echoed, message, 'The server did not send back what it was sent')
}
