/**
 * The state of a {@link ManagedWebSocket}. The names and numbers are those of .NET's `WebSocketState`.
 * @enum
 */
export const WebSocketState = {
  /** Not used by this package. */
  None: 0,
  /** Not used by this package: a socket exists only after its handshake. */
  Connecting: 1,
  /** Both sides may send and receive. */
  Open: 2,
  /** This side has sent a Close frame and waits for the peer's. */
  CloseSent: 3,
  /** The peer's Close frame was received and is not answered yet. */
  CloseReceived: 4,
  /** Both Close frames were exchanged, or the socket was disposed. */
  Closed: 5,
  /** The connection was aborted or the protocol was violated. Nothing can be sent or received. */
  Aborted: 6,
} as const

/** One of the numbers of `WebSocketState`. */
export type WebSocketState = (typeof WebSocketState)[keyof typeof WebSocketState]
