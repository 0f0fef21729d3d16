/** The promise of operations that complete synchronously. All of them share it, because it has no value. */
export const SETTLED: Promise<void> = Promise.resolve()
