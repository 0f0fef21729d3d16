import { readFileSync } from 'node:fs'

/**
 * Milliseconds of processor time that the main thread of this process has taken: unlike the time of the clock it does not grow with what else the
 * machine does, and unlike that of the process not with what other threads do for it (garbage, TLS keys, compression).
 */
export function threadTime(): number {
  // From Node 22.19 and 23.9 on, which its types here do not know.
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: () => NodeJS.CpuUsage }
  if (threadCpuUsage !== undefined) return inMilliseconds(threadCpuUsage.call(process))
  if (process.platform !== 'linux') return inMilliseconds(process.cpuUsage())
  // Its first number is in nanoseconds (Documentation/scheduler/sched-stats.rst of Linux).
  return Number.parseInt(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1'), 10) / 1e6
}

function inMilliseconds({ system, user }: NodeJS.CpuUsage): number {
  return (system + user) / 1000
}
