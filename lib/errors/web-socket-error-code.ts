/**
 * Why an operation failed, in .NET's words: names and numbers of `WebSocketError`. Those that say "not used here" exist because .NET has them.
 * @enum
 */
export const WebSocketErrorCode = {
  /** .NET throws another exception than `WebSocketException`, such as `ArgumentException`. */
  Success: 0,
  /** Not used here. */
  InvalidMessageType: 1,
  /** The peer broke the protocol, sent too long a message, or gave no sign of life in time. */
  Faulted: 2,
  /** Not used here. */
  NativeError: 3,
  /** The request asks for no WebSocket. */
  NotAWebSocket: 4,
  /** Not used here: `request.webSockets.refusal` tells of a wrong version. */
  UnsupportedVersion: 5,
  /** Not used here. */
  UnsupportedProtocol: 6,
  /** Not used here: `request.webSockets.refusal` tells of a wrong header field. */
  HeaderError: 7,
  /** The connection ended without a Close frame. */
  ConnectionClosedPrematurely: 8,
  /** The socket's state does not allow the operation. */
  InvalidState: 9,
} as const

/** One of the numbers of `WebSocketErrorCode`. */
export type WebSocketErrorCode = (typeof WebSocketErrorCode)[keyof typeof WebSocketErrorCode]
