import { WebSocketErrorCode } from './web-socket-error-code.ts'

/** Every `code` that a {@link WebSocketException} can have. `docs/errors.md` has a heading for each. */
export type WebSocketExceptionCode =
  | 'ABORT_ERR'
  | 'ERR_WEBSOCKET_ALREADY_ACCEPTED'
  | 'ERR_WEBSOCKET_BACKPLANE_MESSAGE'
  | 'ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE'
  | 'ERR_WEBSOCKET_CLIENT_GONE'
  | 'ERR_WEBSOCKET_CLOSED_PREMATURELY'
  | 'ERR_WEBSOCKET_INVALID_ARGUMENT'
  | 'ERR_WEBSOCKET_INVALID_MESSAGE'
  | 'ERR_WEBSOCKET_INVALID_OPTION'
  | 'ERR_WEBSOCKET_INVALID_PAYLOAD'
  | 'ERR_WEBSOCKET_INVALID_STATE'
  | 'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT'
  | 'ERR_WEBSOCKET_MESSAGE_TOO_BIG'
  | 'ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST'
  | 'ERR_WEBSOCKET_NOT_SUPPORTED'
  | 'ERR_WEBSOCKET_PROTOCOL_ERROR'
  | 'ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED'
  | 'ERR_WEBSOCKET_RESPONSE_STARTED'
  | 'ERR_WEBSOCKET_SERVER_CLOSING'
  | 'ERR_WEBSOCKET_TOO_SLOW'

/** What a {@link WebSocketException} carries besides its code and message. */
export interface WebSocketExceptionDetails {
  /** The argument or option that was refused, e.g. `closeStatus`. */
  readonly argument?: string
  /** What led to this error. */
  readonly cause?: unknown
  /** .NET's code. Derived from `code` when absent. */
  readonly webSocketErrorCode?: WebSocketErrorCode
}

/**
 * The one error class of this package. Tell its instances apart by `code`:
 * a cancelled operation has `'ABORT_ERR'` (and `name` `'AbortError'`, as everywhere in Node), the others begin with `ERR_WEBSOCKET_`.
 */
export class WebSocketException extends Error {
  /** A stable string; see `docs/errors.md`. */
  readonly code: WebSocketExceptionCode
  /** .NET's `WebSocketException.WebSocketErrorCode`. */
  readonly webSocketErrorCode: WebSocketErrorCode
  /** The argument or option that was refused, if that is what happened. */
  readonly argument: string | undefined
  /** The status that error handlers of Express answer with, if the error was the request's or the hour's; else they answer 500. */
  readonly status: number | undefined

  /**
   * This package makes them; an application that stands in for it, in a test, may as well.
   * @param code - which kind of error.
   * @param message - what happened, for people.
   * @param details - what else is known.
   */
  constructor(code: WebSocketExceptionCode, message: string, details: WebSocketExceptionDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.webSocketErrorCode = details.webSocketErrorCode ?? dotnetCodes[code] ?? WebSocketErrorCode.Success
    this.argument = details.argument
    this.status = statuses[code]
  }
}

Object.defineProperty(WebSocketException.prototype, 'name', {
  configurable: true,
  get(this: WebSocketException) {
    return this.code === 'ABORT_ERR' ? 'AbortError' : 'WebSocketException'
  },
})

const dotnetCodes: Partial<Record<WebSocketExceptionCode, WebSocketErrorCode>> = {
  ERR_WEBSOCKET_CLIENT_GONE: WebSocketErrorCode.ConnectionClosedPrematurely,
  ERR_WEBSOCKET_CLOSED_PREMATURELY: WebSocketErrorCode.ConnectionClosedPrematurely,
  ERR_WEBSOCKET_INVALID_PAYLOAD: WebSocketErrorCode.Faulted,
  ERR_WEBSOCKET_INVALID_STATE: WebSocketErrorCode.InvalidState,
  ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT: WebSocketErrorCode.Faulted,
  ERR_WEBSOCKET_MESSAGE_TOO_BIG: WebSocketErrorCode.Faulted,
  ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST: WebSocketErrorCode.NotAWebSocket,
  ERR_WEBSOCKET_PROTOCOL_ERROR: WebSocketErrorCode.Faulted,
}

const statuses: Partial<Record<WebSocketExceptionCode, number>> = {
  ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST: 400,
  ERR_WEBSOCKET_SERVER_CLOSING: 503,
}
