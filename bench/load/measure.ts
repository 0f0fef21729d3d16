import { setTimeout as wait } from 'node:timers/promises'
import type { LoadResult } from './task.ts'

/** Waits for the warm-up to end, then measures what `count` counts, and tells the harness when that begins. */
export async function measure(warmUp: number, duration: number, count: () => number, onBegin = (): void => undefined): Promise<LoadResult> {
  await wait(warmUp)
  process.send?.('begin')
  onBegin()
  const cpuBefore = process.cpuUsage()
  const countBefore = count()
  const startedAt = performance.now()
  await wait(duration)
  const seconds = (performance.now() - startedAt) / 1000
  const counted = count() - countBefore
  const { user, system } = process.cpuUsage(cpuBefore)
  return { count: counted, seconds, clientLoad: (user + system) / 1e6 / seconds }
}
