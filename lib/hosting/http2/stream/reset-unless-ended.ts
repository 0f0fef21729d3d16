import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'

/**
 * Called when our side of the stream has ended. If the peer does not end its side, it is asked to stop (RFC 9113, section 8.1). The peer gets a
 * moment first: most end when they see our END_STREAM, and Node's client loses a response that arrives together with the reset.
 */
export function resetUnlessEnded(stream: ServerHttp2Stream, delay = RESET_DELAY): void {
  if (stream.destroyed) return
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), delay)
  stream.once('close', () => clearTimeout(timer))
}

/** Milliseconds. */
const RESET_DELAY = 100
