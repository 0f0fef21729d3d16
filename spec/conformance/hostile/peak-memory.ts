import { readFileSync, writeFileSync } from 'node:fs'

/** The peak memory of this process since {@link forgetPeakMemory}, in bytes; since its start if the system cannot reset the peak. */
export function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
    return Number(kilobytes) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

/** Resets the peak to the current memory. */
export function forgetPeakMemory(): void {
  try {
    // 5: see proc_pid_clear_refs(5).
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // The peak was not reset, so only a higher one is visible.
  }
}
