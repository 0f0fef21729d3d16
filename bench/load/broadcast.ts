import assert from 'node:assert/strict'
import { compressMessage } from './compress-message.ts'
import { connectMany } from './connect.ts'
import { clientFrame, FrameWalker, messageOf } from './frames.ts'
import { measure } from './measure.ts'
import { sampleMessages } from './sample-messages.ts'
import type { BroadcastTask, LoadResult } from './task.ts'

/** Sends messages that the server broadcasts. Sends the next one when every connection has received an earlier one. Counts deliveries. */
export async function broadcast(task: BroadcastTask): Promise<LoadResult> {
  const { extensions, size } = task
  const [message = messageOf(size)] = extensions === undefined ? [] : sampleMessages(size)
  const frame = extensions === undefined ? clientFrame(message, true) : clientFrame(compressMessage(message), true, true)
  const frames = Buffer.concat(Array.from({ length: task.inFlight }, () => frame))
  const connections = await connectMany(task.connections, task.port, task.path, extensions === undefined ? {} : { extensions })
  const [sender] = connections
  assert(sender !== undefined)
  const walkers: FrameWalker[] = []
  /** How many connections have received the nth message, indexed by n modulo the number of messages in flight. */
  const arrivals = Array.from({ length: task.inFlight }, () => 0)
  for (const connection of connections) {
    const walker = new FrameWalker()
    walker.firstMessage = undefined
    walkers.push(walker)
    connection.onBytes = (bytes) => {
      const before = walker.messages
      walker.walk(bytes)
      let completed = 0
      for (let index = before; index < walker.messages; index++) {
        const slot = index % task.inFlight
        const arrived = (arrivals[slot] ?? 0) + 1
        arrivals[slot] = arrived % task.connections
        if (arrived === task.connections) completed++
      }
      if (completed > 0) sender.socket.write(frames.subarray(0, completed * frame.length))
    }
  }
  sender.socket.write(frames)
  const result = await measure(task, () => walkers.reduce((sum, walker) => sum + walker.messages, 0))
  assert(
    walkers.every((walker) => walker.messages > 0),
    'A connection has received nothing',
  )
  return result
}
