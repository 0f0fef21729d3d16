import { once } from 'node:events'
import { connectMany } from './connect.ts'
import type { IdleTask, LoadResult } from './task.ts'

/** Opens connections in two steps, and after each waits for the harness, which measures the server. */
export async function idle(task: IdleTask): Promise<LoadResult> {
  const warmUp = Math.min(WARM_UP_CONNECTIONS, task.connections)
  await connectMany(warmUp, task.port, task.path)
  await harnessHasSeenEnough()
  await connectMany(task.connections - warmUp, task.port, task.path)
  await harnessHasSeenEnough()
  return { count: task.connections - warmUp, seconds: 0, clientLoad: 0 }
}

async function harnessHasSeenEnough(): Promise<void> {
  process.send?.('ready')
  await once(process, 'message')
}

/** So that what is loaded and compiled once is not counted as the connections'. */
const WARM_UP_CONNECTIONS = 500
