import type { ServerHttp2Stream } from 'node:http2'

/**
 * Cuts the stream off with RST_STREAM(INTERNAL_ERROR), so that what was sent does not look complete, and be it in the middle of a response.
 * Not at once, but before the event loop goes on: Node 20 loops for ever when a stream is reset while it reports that another stream of the
 * connection was closed, and whoever calls this may be hearing just that.
 */
export function resetStream(stream: ServerHttp2Stream, error: Error): void {
  if (stream.destroyed) return
  resetting.add(stream)
  setImmediate(destroy, stream, error)
}

/** Whether the stream is about to be reset, so that it must not be ended as if all were in order. */
export function isBeingReset(stream: ServerHttp2Stream): boolean {
  return resetting.has(stream)
}

const resetting = new WeakSet<ServerHttp2Stream>()

/** Not `stream.close(code)`, which sends END_STREAM before the reset, as if all were in order. */
function destroy(stream: ServerHttp2Stream, error: Error): void {
  stream.destroy(error)
}
