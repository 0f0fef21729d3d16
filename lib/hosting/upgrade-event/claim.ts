import type { IncomingMessage, RequestListener } from 'node:http'
import { inspect, types } from 'node:util'
import type { WebSocketMethod } from '../http2/web-socket-method.ts'

/** Options of `attachWebSockets()`. */
export interface AttachOptions {
  /** Returns whether an upgrade request is for the application, e.g. `({ url }) => url?.startsWith('/ws') === true`. */
  readonly filter: (request: IncomingMessage) => boolean
  /**
   * For a server of `node:http2`: works as in `createServer()` of `express-use-websockets/http2`. The first attached application decides for the
   * server.
   */
  readonly webSocketMethod?: WebSocketMethod | undefined
}

/** An application and the filter for its upgrade requests. */
export interface Claim extends Pick<AttachOptions, 'filter'> {
  readonly app: RequestListener
}

/**
 * The application that claims the request. If a filter throws, the answer is 400 if the client sent an invalid URL. Otherwise it is 500, with a
 * process warning.
 */
export function findClaimant(claims: readonly Claim[], request: IncomingMessage): RequestListener | undefined {
  try {
    return claims.find(({ filter }) => filter(request))?.app
  } catch (error) {
    if (isInvalidUrl(error)) return answerBadRequest
    warnOnce(claims, error)
    return answerInternalServerError
  }
}

/** The errors of `new URL()` and `decodeURIComponent()`. */
function isInvalidUrl(error: unknown): boolean {
  return types.isNativeError(error) && (error.name === 'URIError' || ('code' in error && error.code === 'ERR_INVALID_URL'))
}

/** Warns once for each server, because every upgrade request may cause the error. */
function warnOnce(claims: readonly Claim[], error: unknown): void {
  if (warned.has(claims)) return
  warned.add(claims)
  process.emitWarning('attachWebSockets: the filter threw an error, so the answer is 500. Further errors of the filter are not shown', {
    type: 'WebSocketWarning',
    code: 'WEBSOCKET_FILTER_ERROR',
    detail: inspect(error),
  })
}

const warned = new WeakSet<readonly Claim[]>()

const answerBadRequest: RequestListener = (_request, response) => {
  response.statusCode = 400
  response.end()
}

const answerInternalServerError: RequestListener = (_request, response) => {
  response.statusCode = 500
  response.end()
}
