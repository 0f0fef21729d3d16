/** The negotiated parameters of permessage-deflate (RFC 7692, section 7.1), and the local settings for compression. */
export interface WebSocketCompression {
  readonly clientContextTakeover: boolean
  readonly clientMaxWindowBits: number
  readonly serverContextTakeover: boolean
  readonly serverMaxWindowBits: number
  /** Messages shorter than this (bytes) are sent uncompressed. */
  readonly threshold: number
  /** The compression level of zlib, -1 to 9. */
  readonly level: number
}

/** How much a peer may send: two token buckets. `Infinity` means no limit. */
export interface RateLimitSettings {
  readonly messagesPerSecond: number
  readonly messageBurst: number
  readonly bytesPerSecond: number
  readonly byteBurst: number
  readonly whenExceeded: 'close' | 'wait'
}

/** The complete, validated settings of a socket. Many sockets share one object. */
export interface WebSocketSettings {
  readonly isServer: boolean
  readonly subProtocol: string | null
  /** Milliseconds; 0 and `Infinity` mean off. */
  readonly keepAliveInterval: number
  /** Milliseconds; 0 and `Infinity` mean never. */
  readonly keepAliveTimeout: number
  /** Bytes that may wait for a peer that reads too slowly. */
  readonly maxBufferedAmount: number
  /** Bytes. */
  readonly maxMessageSize: number
  /** Milliseconds; `Infinity` means no limit. */
  readonly closeAnswerTimeout: number
  /** Milliseconds; `Infinity` means no limit. */
  readonly closeTimeout: number
  readonly compression: WebSocketCompression | undefined
  readonly rateLimit: RateLimitSettings | undefined
}
