import type { ServerHttp2Stream } from 'node:http2'
import { nativeCounters } from '../../../web-socket/transport/native-counters.ts'
import type { Outflow } from '../../../web-socket/transport/outflow.ts'
import { handleOf, socketOf } from './node-http2-internals.ts'

/**
 * How much of the written data has left a stream. A write leaves the stream one turn later even if the peer has taken nothing, so this alone is no
 * sign of life. It counts if the connection has shown one meanwhile: bytes of the peer, such as the frames that open its window, or waiting data that
 * its kernel has taken.
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
