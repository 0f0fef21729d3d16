import type { ServerHttp2Stream } from 'node:http2'
import { abortError } from '../../../errors/abort-error.ts'
import type { WebSocketTransport } from '../../../web-socket/transport/web-socket-transport.ts'
import { connectionFactsOf } from './connection-facts.ts'
import { boundWrites } from './bounded-writes.ts'
import { isBeingReset, resetStream } from './reset-stream.ts'
import { resetUnlessEnded } from './reset-unless-ended.ts'
import { StreamOutflow } from './stream-outflow.ts'

/** An accepted stream as the transport of a WebSocket. Data that the peer sent before the accept is still in the stream. */
export function createStreamTransport(stream: ServerHttp2Stream): WebSocketTransport {
  const end = boundWrites(stream)
  let outflow: StreamOutflow | undefined
  return {
    duplex: stream,
    peer: connectionFactsOf(stream.session),
    outflow() {
      outflow ??= new StreamOutflow(stream)
      return outflow.take()
    },
    abort() {
      resetStream(stream, abortError('The WebSocket was aborted'))
    },
    end() {
      if (isBeingReset(stream)) return
      // Firefox, and undici before 8.11, keep their side open after the close handshake and wait for the server to reset the stream.
      end(() => resetUnlessEnded(stream))
    },
    close() {
      // `'finish'` comes before END_STREAM has left, and `'end'` before Node has seen that both sides have ended. Destroying the stream then would
      // also send RST_STREAM(NO_ERROR) (Node 20 to 26). One turn later, Node has closed it itself.
      setImmediate(destroy, stream)
    },
  }
}

function destroy(stream: ServerHttp2Stream): void {
  stream.destroy()
}
