/**
 * The close codes by name: .NET's `WebSocketCloseStatus`, plus the three codes that .NET accepts without naming them.
 * Every number that RFC 6455, section 7.4, allows on the wire (1000 to 1003, 1007 to 1014, 3000 to 4999) may be sent and received.
 * @enum
 */
export const WebSocketCloseStatus = {
  /** The purpose of the connection is fulfilled. */
  NormalClosure: 1000,
  /** Going away: a server that shuts down, a page that is left. */
  EndpointUnavailable: 1001,
  /** The peer broke the rules of RFC 6455. */
  ProtocolError: 1002,
  /** A message of a type that cannot be taken, e.g. binary where text is wanted. */
  InvalidMessageType: 1003,
  /** No code in the Close frame. Never sent as a number. */
  Empty: 1005,
  /** Text that is not UTF-8, or compressed data that does not inflate. */
  InvalidPayloadData: 1007,
  /** A message against the application's rules, where no other code says more. */
  PolicyViolation: 1008,
  /** A message that is too long to be taken. */
  MessageTooBig: 1009,
  /** Sent by clients: the server did not agree to an extension that they need. */
  MandatoryExtension: 1010,
  /** The server cannot go on. */
  InternalServerError: 1011,
  /** The server restarts; come back. Registered with IANA; without a name in .NET. */
  ServiceRestart: 1012,
  /** The server is overloaded; come back later. Registered with IANA; without a name in .NET. */
  TryAgainLater: 1013,
  /** A gateway got an invalid response from the server behind it. Registered with IANA; without a name in .NET. */
  BadGateway: 1014,
} as const

/** A close code: one of the numbers that `WebSocketCloseStatus` names, or an application's own from 3000 to 4999. */
export type WebSocketCloseStatus = number
