import type { ServerHttp2Stream } from 'node:http2'
import { handleOf } from './node-http2-internals.ts'

/**
 * Keeps the native session of a stream until the native stream was garbage-collected. Node (20 to 26) aborts the process if the session is collected
 * first while the stream has an unfinished header block. So a client could end any server of `node:http2`: it opens a stream, sends the beginning of
 * trailers, does not read the answer, and disconnects.
 */
export function retainSession(stream: ServerHttp2Stream): void {
  const streamHandle = handleOf(stream)
  const sessionHandle = stream.session === undefined ? undefined : handleOf(stream.session)
  if (streamHandle !== undefined && sessionHandle !== undefined) registry.register(streamHandle, sessionHandle)
}

/** Keeps the session handle alive until the stream handle was collected. */
const registry = new FinalizationRegistry<object>(() => undefined)
