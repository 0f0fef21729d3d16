import type { ServerHttp2Stream } from 'node:http2'
import { nativeCounters } from '../../../web-socket/transport/native-counters.ts'
import type { Outflow } from '../../../web-socket/transport/outflow.ts'
import { handleOf, socketOf } from './node-http2-internals.ts'

/**
 * How what is written to a stream leaves it. Even a write that the peer need not take first leaves the stream only a turn later, so this alone would be
 * no sign of life. It counts if the connection has shown one in the meantime: bytes of the peer, such as the frames that open its window, or that
 * its kernel has taken some of what waited for it.
 */
export class StreamOutflow {
  readonly #stream: ServerHttp2Stream
  #read = 0
  #sent = 0
  #wasWaiting = false
  #left = 0

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  take(): Outflow {
    const { session } = this.#stream
    const connection = session === undefined ? undefined : nativeCounters(socketOf(session))
    if (connection !== undefined) {
      const sent = connection.written - connection.waiting
      const isAlive = connection.read > this.#read || (this.#wasWaiting && sent > this.#sent)
      if (isAlive) this.#left = handleOf(this.#stream)?.bytesWritten ?? 0
      this.#read = connection.read
      this.#sent = sent
      this.#wasWaiting = connection.waiting > 0
    }
    return { isWaiting: this.#stream.writableLength > 0, left: this.#left }
  }
}
