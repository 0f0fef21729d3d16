import { once } from 'node:events'
import { compressMessage } from './compress-message.ts'
import { connectMany } from './connect.ts'
import type { Connection } from './connect.ts'
import { clientFrame, FrameWalker } from './frames.ts'
import { sampleMessages } from './sample-messages.ts'
import type { IdleTask, LoadResult } from './task.ts'

/** Opens connections in two steps. After each step it waits while the harness measures the server. */
export async function idle(task: IdleTask): Promise<LoadResult> {
  const warmUp = Math.min(WARM_UP_CONNECTIONS, task.connections)
  await openMany(warmUp, task)
  await harnessHasSeenEnough()
  await openMany(task.connections - warmUp, task)
  await harnessHasSeenEnough()
  return { count: task.connections - warmUp, seconds: 0, clientLoad: 0 }
}

async function openMany(count: number, { port, path, extensions }: IdleTask): Promise<void> {
  if (extensions === undefined) return void (await connectMany(count, port, path))
  const [message = EMPTY] = sampleMessages(MESSAGE_LENGTH)
  const frame = clientFrame(compressMessage(message), true, true)
  for (const connection of await connectMany(count, port, path, { extensions })) await exchange(connection, frame)
}

function exchange(connection: Connection, frame: Buffer): Promise<void> {
  const walker = new FrameWalker()
  return new Promise((resolve) => {
    connection.onBytes = (bytes) => {
      walker.walk(bytes)
      if (walker.messages > 0) resolve()
    }
    connection.socket.write(frame)
  })
}

async function harnessHasSeenEnough(): Promise<void> {
  process.send?.('ready')
  await once(process, 'message')
}

/** Opened before the first measurement, so that the cost of loading and compiling code is not attributed to the connections. */
const WARM_UP_CONNECTIONS = 500
const MESSAGE_LENGTH = 1024
const EMPTY = Buffer.alloc(0)
