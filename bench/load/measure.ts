import { setTimeout as wait } from 'node:timers/promises'
import type { LoadResult, LoadTask } from './task.ts'

/** Waits for the warm-up to end, tells the harness, and then measures by how much `count()` grows. */
export async function measure(
  { duration, warmUp, warmUpCount }: Pick<LoadTask, 'duration' | 'warmUp' | 'warmUpCount'>,
  count: () => number,
  onBegin = (): void => undefined,
): Promise<LoadResult> {
  await wait(warmUp)
  // On a busy machine, elapsed time alone does not guarantee that V8 has compiled the server's code.
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
