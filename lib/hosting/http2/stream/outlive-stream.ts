import type { ServerHttp2Stream } from 'node:http2'
import { handleOf } from './node-http2-internals.ts'

/**
 * Keeps the native session of a stream until the native stream was collected. Node (20 to 26) aborts the process when the session is
 * collected first and the stream has a header block that has begun and did not end: a client that opens a stream, sends the beginning of
 * trailers, does not read what it is answered, and goes, could end any server of `node:http2`.
 */
export function outliveStream(stream: ServerHttp2Stream): void {
  const streamHandle = handleOf(stream)
  const sessionHandle = stream.session === undefined ? undefined : handleOf(stream.session)
  if (streamHandle !== undefined && sessionHandle !== undefined) registry.register(streamHandle, sessionHandle)
}

/** Holds what it is given until it calls back. */
const registry = new FinalizationRegistry<object>(() => undefined)
