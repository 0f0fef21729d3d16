import { readFileSync } from 'node:fs'

/**
 * Processor time of the main thread of this process, in milliseconds. Unlike the clock, it does not include time of other processes; unlike the time
 * of the process, it does not include other threads (garbage collection, TLS keys, compression).
 */
export function threadTime(): number {
  // Since Node 22.19 and 23.9. The types do not declare it.
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: () => NodeJS.CpuUsage }
  if (threadCpuUsage !== undefined) return inMilliseconds(threadCpuUsage.call(process))
  if (process.platform !== 'linux') return inMilliseconds(process.cpuUsage())
  // The first number is in nanoseconds (Documentation/scheduler/sched-stats.rst of Linux).
  return Number.parseInt(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1'), 10) / 1e6
}

function inMilliseconds({ system, user }: NodeJS.CpuUsage): number {
  return (system + user) / 1000
}
