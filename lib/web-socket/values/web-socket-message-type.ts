/**
 * The type of a message or of a received part. The names and numbers are those of .NET's `WebSocketMessageType`.
 * @enum
 */
export const WebSocketMessageType = {
  /** A text message (UTF-8). */
  Text: 0,
  /** A binary message. */
  Binary: 1,
  /** The peer's Close frame. It is only received, never sent with this type. */
  Close: 2,
} as const

/** One of the numbers of `WebSocketMessageType`. */
export type WebSocketMessageType = (typeof WebSocketMessageType)[keyof typeof WebSocketMessageType]
