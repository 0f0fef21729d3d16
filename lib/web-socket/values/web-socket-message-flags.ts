/**
 * Bit flags of one send, to be joined by `|`. Names and numbers of .NET's `WebSocketMessageFlags`.
 * @enum
 */
export const WebSocketMessageFlags = {
  /** The message goes on with the next send, compressed if that was negotiated. */
  None: 0,
  /** This part is the last of its message. */
  EndOfMessage: 1,
  /** This message goes out uncompressed although compression was negotiated. */
  DisableCompression: 2,
} as const

/** Any combination of the bits of `WebSocketMessageFlags`, as `|` makes it: 0 to 3. */
export type WebSocketMessageFlags = number
