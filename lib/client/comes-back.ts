/** How a connection, or an attempt to connect, ended. */
export interface EndedConnection {
  /** The close code; 1005 if there was none in the Close frame, 1006 if there was no Close frame. */
  readonly code: number
  /** The reason of the Close frame, or what the client has to say; `''` if nothing. */
  readonly reason: string
  /** Whether both sides have sent a Close frame. */
  readonly wasClean: boolean
  /** What the function for the address has thrown, or the WebSocket that could not be constructed. */
  readonly error?: unknown
}

/**
 * Whether another connection may fare better than one that ended with this code: the server is gone for a while (1001, 1012, 1013, 1014), the network
 * (1006, 1015), or it came upon a fault of its own (1011). Not if the server had enough (1000, 1005) or refuses what this client is or sends:
 * 1002, 1003, 1007 to 1010, 3000 (unauthorized), 3003 (forbidden), and what the application says by 4000 to 4999.
 * https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
 */
export function comesBack({ code, reason }: EndedConnection): boolean {
  return readRetryAfter(reason) >= 0 || !/^(?:100[02357-9]|1010|300[03]|4...)$/.test(`${code}`)
}

/** The seconds in a reason such as `Overloaded, retry-after=30`: a word of one to four digits; NaN if there is none. */
export function readRetryAfter(reason: string): number {
  return Number(/(?:^|\s)retry-after=(\d{1,4})(?:\s|$)/.exec(reason)?.[1])
}
