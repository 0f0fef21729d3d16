/** A task for the load client. The harness passes it as JSON. */
export type LoadTask = EchoTask | BroadcastTask | HandshakeTask | IdleTask | UploadTask | Http2EchoTask

interface Task {
  readonly port: number
  readonly path: string
  /** The least time before the measurement begins, in milliseconds. */
  readonly warmUp: number
  /** The number of messages, deliveries or handshakes that the warm-up must also reach. */
  readonly warmUpCount: number
  /** The duration of the measurement, in milliseconds. */
  readonly duration: number
}

/** Every connection keeps `inFlight` messages in flight: it sends one more for each echo. */
export interface EchoTask extends Task {
  readonly kind: 'echo'
  readonly connections: number
  readonly inFlight: number
  /** Bytes of payload. */
  readonly size: number
  readonly isText: boolean
  /** The value of `Sec-WebSocket-Extensions`, if the client offers permessage-deflate. It then compresses every message. */
  readonly extensions?: string
  /** Whether the server's port uses TLS. */
  readonly isSecure?: boolean
}

/** One connection sends, all receive. The sender sends the next message when all have received an earlier one. */
export interface BroadcastTask extends Task {
  readonly kind: 'broadcast'
  readonly connections: number
  readonly inFlight: number
  readonly size: number
  /** The value of `Sec-WebSocket-Extensions`, if the clients offer permessage-deflate. */
  readonly extensions?: string
}

/** `connections` clients at a time connect, do the opening handshake and close. */
export interface HandshakeTask extends Task {
  readonly kind: 'handshake'
  readonly connections: number
}

/** `connections` clients connect and send nothing until the harness has measured the server. */
export interface IdleTask extends Task {
  readonly kind: 'idle'
  readonly connections: number
  /** The value of `Sec-WebSocket-Extensions`. If it is set, each connection sends one compressed message and waits for its echo. */
  readonly extensions?: string
}

/** One message of `size` bytes in a single frame. */
export interface UploadTask extends Task {
  readonly kind: 'upload'
  readonly size: number
}

/** Like `EchoTask`, over the streams of one HTTP/2 connection. */
export interface Http2EchoTask extends Task {
  readonly kind: 'http2-echo'
  readonly connections: number
  readonly inFlight: number
  readonly size: number
}

/** The result of a measurement. */
export interface LoadResult {
  /** The number of messages, deliveries, handshakes or bytes. */
  readonly count: number
  readonly seconds: number
  /** The CPU use of the client's thread, from 0 to 1. At 1, the client limits the result. */
  readonly clientLoad: number
  /** Latencies in milliseconds. Only measured with one message in flight. */
  readonly latency?: { readonly p50: number; readonly p99: number }
}

/** A message from the load client to the harness. */
export type LoadMessage = 'begin' | 'ready' | { readonly result: LoadResult }
