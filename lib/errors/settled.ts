/** The promise of all operations that complete synchronously without a result. */
export const SETTLED: Promise<void> = Promise.resolve()
