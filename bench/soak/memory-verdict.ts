/** The server's memory use in bytes with all connections open, after a garbage collection. */
export interface SoakMemory {
  readonly resident: number
  /** The JavaScript heap and the external memory that it owns. */
  readonly heap: number
}

/** The maximum growth of either figure since the warm-up, as a fraction. */
export const GROWTH_LIMIT = 0.05

/** Checks that neither figure grew by more than the limit, and describes the growth in a line. */
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
