import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import type { WebSocketTransport } from '../../web-socket/web-socket-transport.ts'

/** An accepted stream as the transport of a WebSocket. What the peer sent before it was accepted is still in the stream. */
export function createStreamTransport(stream: ServerHttp2Stream): WebSocketTransport {
  return {
    duplex: stream,
    head: [],
    abort() {
      if (stream.destroyed) return
      stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      // A stream that is already closing in order does not take another code, and must not wait for the peer any longer.
      stream.destroy()
    },
    end() {
      stream.end(() => resetUnlessEnded(stream))
    },
  }
}

/**
 * Firefox, and undici before 8.11, leave their side of the stream open after the close handshake and wait for the server to reset it.
 * Others end it when they see our END_STREAM, and get the time for that.
 */
function resetUnlessEnded(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), END_PATIENCE)
  stream.once('close', () => clearTimeout(timer))
}

/** Milliseconds. */
const END_PATIENCE = 100
