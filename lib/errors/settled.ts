/** The promise of everything that was done at once: one for all, since it says nothing but that. */
export const SETTLED: Promise<void> = Promise.resolve()
