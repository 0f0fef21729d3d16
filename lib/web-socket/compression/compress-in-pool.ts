import type { ProcessedCallback } from './compression-context.ts'
import { ContextPool } from './context-pool.ts'

/** Compresses data that does not refer to anything before, in the thread pool. The data must not change meanwhile. */
export function compressInPool(data: Uint8Array, windowBits: number, level: number, callback: ProcessedCallback): void {
  const contexts = ContextPool.ofDeflaters(windowBits, level)
  const context = contexts.take()
  context.processInPool(data, Infinity, (error, compressed) => {
    if (error === undefined) contexts.returnContext(context)
    else context.close()
    callback(error, error === undefined ? compressed : undefined)
  })
}
