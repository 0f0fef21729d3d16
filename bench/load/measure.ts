import { setTimeout as wait } from 'node:timers/promises'
import type { LoadResult, LoadTask } from './task.ts'

/** Waits for the warm-up to end, then measures what `count` counts, and tells the harness when that begins. */
export async function measure(
  { duration, warmUp, warmUpCount }: Pick<LoadTask, 'duration' | 'warmUp' | 'warmUpCount'>,
  count: () => number,
  onBegin = (): void => undefined,
): Promise<LoadResult> {
  await wait(warmUp)
  // On a busy machine, time alone does not see to it that the server's code is compiled.
  while (count() < warmUpCount) await wait(20)
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
