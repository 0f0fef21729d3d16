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

/** The data of a {@link WebSocketException} besides its code and message. */
export interface WebSocketExceptionDetails {
  /** The invalid argument or option, e.g. `closeStatus`. */
  readonly argument?: string
  /** The cause of this error. */
  readonly cause?: unknown
  /** .NET's code. Defaults to the one that corresponds to `code`. */
  readonly webSocketErrorCode?: WebSocketErrorCode
}

/**
 * The only error class of this package. Use `code` to distinguish errors: a cancelled operation has `'ABORT_ERR'` (and the `name` `'AbortError'`,
 * as everywhere in Node), all other codes begin with `ERR_WEBSOCKET_`.
 */
export class WebSocketException extends Error {
  /** A stable string; see `docs/errors.md`. */
  readonly code: WebSocketExceptionCode
  /** .NET's `WebSocketException.WebSocketErrorCode`. */
  readonly webSocketErrorCode: WebSocketErrorCode
  /** The invalid argument or option, if the error is about one. */
  readonly argument: string | undefined
  /** The status for error handlers of Express, if the request or a temporary condition caused the error. Without it they answer 500. */
  readonly status: number | undefined

  /**
   * This package creates these errors. A test double of the package may create them too.
   * @param code - the kind of error.
   * @param message - a description for people.
   * @param details - further data.
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
