import type { ServerHttp2Stream } from 'node:http2'

/**
 * Resets the stream with RST_STREAM(INTERNAL_ERROR), so that the sent data does not look complete. It waits for the end of the current turn: Node 20
 * loops endlessly if a stream is reset while Node reports the close of another stream of the connection, and the caller may be a listener of that
 * event.
 */
export function resetStream(stream: ServerHttp2Stream, error: Error): void {
  if (stream.destroyed) return
  resetting.add(stream)
  setImmediate(destroy, stream, error)
}

/** Whether the stream is about to be reset, so that it must not be ended normally. */
export function isBeingReset(stream: ServerHttp2Stream): boolean {
  return resetting.has(stream)
}

const resetting = new WeakSet<ServerHttp2Stream>()

/** Does not use `stream.close(code)`, which sends END_STREAM before the reset, as for a complete stream. */
function destroy(stream: ServerHttp2Stream, error: Error): void {
  stream.destroy(error)
}
