/** What a message, or a received part of one, is. Names and numbers of .NET's `WebSocketMessageType`. */
export const WebSocketMessageType = {
  Text: 0,
  Binary: 1,
  /** Only ever received: the peer's Close frame. */
  Close: 2,
} as const

/** One of the numbers of {@link (WebSocketMessageType:variable)}. */
export type WebSocketMessageType = (typeof WebSocketMessageType)[keyof typeof WebSocketMessageType]
