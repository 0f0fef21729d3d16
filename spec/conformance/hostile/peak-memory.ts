import { readFileSync, writeFileSync } from 'node:fs'

/** The most memory that this process has had since {@link forgetPeakMemory}, in bytes; where the system cannot forget: ever. */
export function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
    return Number(kilobytes) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

/** Sets the peak to what is in use now. */
export function forgetPeakMemory(): void {
  try {
    // 5: see proc_pid_clear_refs(5).
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Then a new peak shows only above the former ones.
  }
}
