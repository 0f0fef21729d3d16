import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import type { WebSocketTransport } from '../../web-socket/web-socket-transport.ts'
import { resetUnlessEnded } from './reset-unless-ended.ts'

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
      // Firefox, and undici before 8.11, leave their side open after the close handshake and wait for the server to reset the stream.
      stream.end(() => resetUnlessEnded(stream))
    },
  }
}
