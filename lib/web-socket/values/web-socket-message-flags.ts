/**
 * Bit flags of one send, combined with `|`. The names and numbers are those of .NET's `WebSocketMessageFlags`.
 * @enum
 */
export const WebSocketMessageFlags = {
  /** The next send continues the message. It is compressed if compression was negotiated. */
  None: 0,
  /** This is the last part of its message. */
  EndOfMessage: 1,
  /** This message is sent uncompressed even if compression was negotiated. */
  DisableCompression: 2,
} as const

/** Any combination of the bits of `WebSocketMessageFlags`: 0 to 3. */
export type WebSocketMessageFlags = number
