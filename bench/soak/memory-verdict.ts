/** What the server uses with all connections open, behind a collection of garbage. Bytes. */
export interface SoakMemory {
  readonly resident: number
  /** JavaScript's heap and what hangs on it outside. */
  readonly heap: number
}

/** By how much either may be above what it was after the warm-up. */
export const GROWTH_LIMIT = 0.05

/** Whether neither has grown by more than the limit, and a line that says so. */
export function judgeMemory(warm: SoakMemory, end: SoakMemory): { readonly isFlat: boolean; readonly line: string } {
  const growths = [end.resident / warm.resident - 1, end.heap / warm.heap - 1]
  const isFlat = growths.every((growth) => growth <= GROWTH_LIMIT)
  const [resident, heap] = growths.map((growth) => `${growth < 0 ? '' : '+'}${(growth * 100).toFixed(1)} %`)
  const line =
    `Behind a collection of garbage: resident ${megabytes(warm.resident)} after the warm-up, ${megabytes(end.resident)} at the end (${resident}); ` +
    `heap ${megabytes(warm.heap)}, ${megabytes(end.heap)} (${heap}): ${isFlat ? 'flat' : 'NOT FLAT'}`
  return { isFlat, line }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
