/** Returns the median of the figures that are known; `undefined` if there are none. */
export function median(figures: readonly (number | undefined)[]): number | undefined {
  const known = figures.filter((figure) => figure !== undefined).toSorted((a, b) => a - b)
  const upper = known[known.length >> 1]
  const lower = known[(known.length - 1) >> 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}

/** Returns the median of the ratios of each run. A ratio cancels out a slow machine, which affects both figures of a run. */
export function medianRatio(figures: readonly (number | undefined)[], baseline: readonly (number | undefined)[]): number | undefined {
  return median(
    figures.map((figure, run) => {
      const base = baseline[run]
      return figure === undefined || base === undefined ? undefined : figure / base
    }),
  )
}
