/** Why an operation failed, in .NET's words: names and numbers of `WebSocketError`. */
export const WebSocketErrorCode = {
  Success: 0,
  InvalidMessageType: 1,
  Faulted: 2,
  NativeError: 3,
  NotAWebSocket: 4,
  UnsupportedVersion: 5,
  UnsupportedProtocol: 6,
  HeaderError: 7,
  ConnectionClosedPrematurely: 8,
  InvalidState: 9,
} as const

/** One of the numbers of {@link (WebSocketErrorCode:variable)}. */
export type WebSocketErrorCode = (typeof WebSocketErrorCode)[keyof typeof WebSocketErrorCode]
