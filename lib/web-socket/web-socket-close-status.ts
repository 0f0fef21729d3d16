/**
 * The close codes by name: .NET's `WebSocketCloseStatus`, plus the three codes that .NET accepts without naming them.
 * Every number that RFC 6455, section 7.4, allows on the wire (1000 to 1003, 1007 to 1014, 3000 to 4999) may be sent and received.
 */
export const WebSocketCloseStatus = {
  NormalClosure: 1000,
  EndpointUnavailable: 1001,
  ProtocolError: 1002,
  InvalidMessageType: 1003,
  /** No code in the Close frame. Never sent as a number. */
  Empty: 1005,
  InvalidPayloadData: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalServerError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
} as const

/** A close code: one of {@link (WebSocketCloseStatus:variable)}, or an application's own number from 3000 to 4999. */
export type WebSocketCloseStatus = number
