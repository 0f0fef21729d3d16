/**
 * What a message, or a received part of one, is. Names and numbers of .NET's `WebSocketMessageType`.
 * @enum
 */
export const WebSocketMessageType = {
  /** UTF-8. */
  Text: 0,
  /** Bytes. */
  Binary: 1,
  /** Only ever received: the peer's Close frame. */
  Close: 2,
} as const

/** One of the numbers of `WebSocketMessageType`. */
export type WebSocketMessageType = (typeof WebSocketMessageType)[keyof typeof WebSocketMessageType]
