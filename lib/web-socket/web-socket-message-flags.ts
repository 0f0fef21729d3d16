/** Bit flags of one send. Names and numbers of .NET's `WebSocketMessageFlags`. */
export const WebSocketMessageFlags = {
  None: 0,
  /** This part is the last of its message. */
  EndOfMessage: 1,
  /** This message goes out uncompressed although compression was negotiated. */
  DisableCompression: 2,
} as const

/** Any combination of the bits of {@link (WebSocketMessageFlags:variable)}, as `|` makes it: 0 to 3. */
export type WebSocketMessageFlags = number
