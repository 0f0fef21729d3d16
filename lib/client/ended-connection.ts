/** How a connection or an attempt to connect ended. */
export interface EndedConnection {
  /** The close code; 1005 if the Close frame had no code, 1006 if there was no Close frame. */
  readonly code: number
  /** The reason in the Close frame, or an explanation of the client; otherwise `''`. */
  readonly reason: string
  /** Whether both sides have sent a Close frame. */
  readonly wasClean: boolean
  /** The error that the function for the address or the constructor of the WebSocket has thrown. */
  readonly error?: unknown
}

/**
 * Whether a new connection may succeed after one that ended with this code. Yes if the server is temporarily unavailable (1001, 1012, 1013, 1014),
 * the network failed (1006, 1015), or the server met an internal error (1011). No if the server is finished (1000, 1005) or refuses this client or
 * its messages: 1002, 1003, 1007 to 1010, 3000 (unauthorized), 3003 (forbidden), and the codes of the application, 4000 to 4999.
 * https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
 */
export function isRetryable({ code, reason }: EndedConnection): boolean {
  return readRetryAfter(reason) >= 0 || !/^(100[02357-9]|1010|300[03]|4...)$/.test(String(code))
}

/** The seconds in a reason such as `Overloaded, retry-after=30`: a word of one to four digits; NaN if there is none. */
export function readRetryAfter(reason: string): number {
  return Number(/(^|\s)retry-after=(\d{1,4})(?!\S)/.exec(reason)?.[2])
}
