/** What the load client is to do; the harness hands it over as JSON. */
export type LoadTask = EchoTask | BroadcastTask | HandshakeTask | IdleTask | UploadTask | Http2EchoTask

interface Task {
  readonly port: number
  readonly path: string
  /** Milliseconds before the measurement begins. */
  readonly warmUp: number
  /** How many messages, deliveries or handshakes there have to be before it, too. */
  readonly warmUpCount: number
  /** Milliseconds that are measured. */
  readonly duration: number
}

/** Every connection has so many messages under way, and sends another one for each that comes back. */
export interface EchoTask extends Task {
  readonly kind: 'echo'
  readonly connections: number
  readonly inFlight: number
  /** Bytes of payload. */
  readonly size: number
  readonly isText: boolean
  /** What the client offers of permessage-deflate; it sends everything compressed then. */
  readonly extensions?: string
  /** Whether the server's port speaks TLS. */
  readonly isSecure?: boolean
}

/** One connection sends, all receive; it sends another message for each that has come to everybody. */
export interface BroadcastTask extends Task {
  readonly kind: 'broadcast'
  readonly connections: number
  readonly inFlight: number
  readonly size: number
  /** What the clients offer of permessage-deflate. */
  readonly extensions?: string
}

/** So many at a time connect, shake hands and close in order. */
export interface HandshakeTask extends Task {
  readonly kind: 'handshake'
  readonly connections: number
}

/** So many connect and are silent, until the harness says that it has seen enough. */
export interface IdleTask extends Task {
  readonly kind: 'idle'
  readonly connections: number
  /** What the client offers of permessage-deflate; each connection sends one compressed message then, and waits for its echo. */
  readonly extensions?: string
}

/** One message of so many bytes in a single frame. */
export interface UploadTask extends Task {
  readonly kind: 'upload'
  readonly size: number
}

/** As an echo, over the streams of one HTTP/2 connection. */
export interface Http2EchoTask extends Task {
  readonly kind: 'http2-echo'
  readonly connections: number
  readonly inFlight: number
  readonly size: number
}

/** What was measured. */
export interface LoadResult {
  /** Messages, deliveries, handshakes or bytes. */
  readonly count: number
  readonly seconds: number
  /** How busy the client's thread was, 0 to 1. At 1, the figure says how fast the client is. */
  readonly clientLoad: number
  /** Milliseconds; of echoes with one message under way. */
  readonly latency?: { readonly p50: number; readonly p99: number }
}

/** What the load client tells the harness. */
export type LoadMessage = 'begin' | 'ready' | { readonly result: LoadResult }
