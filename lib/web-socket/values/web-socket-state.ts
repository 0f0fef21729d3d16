/**
 * Where a {@link ManagedWebSocket} is in its life. Names and numbers of .NET's `WebSocketState`.
 * @enum
 */
export const WebSocketState = {
  /** Never the state of a socket here. */
  None: 0,
  /** Never the state of a socket here: its handshake is done. */
  Connecting: 1,
  /** Both sides may send and receive. */
  Open: 2,
  /** We sent a Close frame and wait for the peer's. */
  CloseSent: 3,
  /** The peer's Close frame was received; we have not answered it. */
  CloseReceived: 4,
  /** Both Close frames were exchanged, or the socket was disposed. */
  Closed: 5,
  /** The connection was cut or the protocol was violated; nothing can be sent or received. */
  Aborted: 6,
} as const

/** One of the numbers of `WebSocketState`. */
export type WebSocketState = (typeof WebSocketState)[keyof typeof WebSocketState]
