/**
 * The reason of a failure, with the names and numbers of .NET's `WebSocketError`. Values marked "not used here" exist only because .NET has them.
 * @enum
 */
export const WebSocketErrorCode = {
  /** In this case .NET throws an exception other than `WebSocketException`, such as `ArgumentException`. */
  Success: 0,
  /** Not used here. */
  InvalidMessageType: 1,
  /** The peer broke the protocol, sent a message that is too long, or gave no sign of life in time. */
  Faulted: 2,
  /** Not used here. */
  NativeError: 3,
  /** The request does not ask for a WebSocket. */
  NotAWebSocket: 4,
  /** Not used here: `request.webSockets.refusal` reports a wrong version. */
  UnsupportedVersion: 5,
  /** Not used here. */
  UnsupportedProtocol: 6,
  /** Not used here: `request.webSockets.refusal` reports a wrong header field. */
  HeaderError: 7,
  /** The connection ended without a Close frame. */
  ConnectionClosedPrematurely: 8,
  /** The state of the socket does not allow the operation. */
  InvalidState: 9,
} as const

/** One of the numbers of `WebSocketErrorCode`. */
export type WebSocketErrorCode = (typeof WebSocketErrorCode)[keyof typeof WebSocketErrorCode]
