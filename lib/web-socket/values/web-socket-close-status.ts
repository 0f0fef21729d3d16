/**
 * Names for the close codes: .NET's `WebSocketCloseStatus`, plus three codes that .NET accepts without a name.
 * Every code that RFC 6455, section 7.4, allows on the wire (1000 to 1003, 1007 to 1014, 3000 to 4999) may be sent and received.
 * @enum
 */
export const WebSocketCloseStatus = {
  /** The purpose of the connection is fulfilled. */
  NormalClosure: 1000,
  /** Going away: the server shuts down, or the user leaves the page. */
  EndpointUnavailable: 1001,
  /** The peer broke the rules of RFC 6455. */
  ProtocolError: 1002,
  /** A message of a type that is not supported, e.g. binary where text is expected. */
  InvalidMessageType: 1003,
  /** The Close frame has no code. This number is never sent. */
  Empty: 1005,
  /** Text that is not UTF-8, or compressed data that does not inflate. */
  InvalidPayloadData: 1007,
  /** A message that breaks the application's rules, if no other code is more specific. */
  PolicyViolation: 1008,
  /** A message that is too long. */
  MessageTooBig: 1009,
  /** Sent by a client when the server did not accept a required extension. */
  MandatoryExtension: 1010,
  /** The server has met an unexpected error. */
  InternalServerError: 1011,
  /** The server restarts; the client may reconnect. Registered with IANA; without a name in .NET. */
  ServiceRestart: 1012,
  /** The server is overloaded; the client may reconnect later. Registered with IANA; without a name in .NET. */
  TryAgainLater: 1013,
  /** A gateway received an invalid response from the server behind it. Registered with IANA; without a name in .NET. */
  BadGateway: 1014,
} as const

/** A close code: a number of `WebSocketCloseStatus`, or a code from 3000 to 4999 that the application defines. */
export type WebSocketCloseStatus = number
