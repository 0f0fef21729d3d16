import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'

/**
 * Our side of the stream has ended; asks a peer that does not end its own to stop (RFC 9113, section 8.1). It gets a moment first:
 * most do when they see our END_STREAM, and Node's client loses a response when the reset comes with it.
 */
export function resetUnlessEnded(stream: ServerHttp2Stream, patience = PATIENCE): void {
  if (stream.destroyed) return
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), patience)
  stream.once('close', () => clearTimeout(timer))
}

/** Milliseconds. */
const PATIENCE = 100
