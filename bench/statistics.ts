/** The middle of some figures; `undefined` if there are none. */
export function median(figures: readonly (number | undefined)[]): number | undefined {
  const known = figures.filter((figure) => figure !== undefined).toSorted((a, b) => a - b)
  const upper = known[known.length >> 1]
  const lower = known[(known.length - 1) >> 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}

/** The median of the ratios of two rows of figures, run by run: what made both slow drops out. */
export function medianRatio(figures: readonly (number | undefined)[], baseline: readonly (number | undefined)[]): number | undefined {
  return median(
    figures.map((figure, run) => {
      const base = baseline[run]
      return figure === undefined || base === undefined ? undefined : figure / base
    }),
  )
}
