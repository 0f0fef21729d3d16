import type { IncomingMessage, RequestListener } from 'node:http'
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

/** The application that claims the request. If a filter throws, as many do for an invalid URL, the answer is 400. */
export function findClaimant(claims: readonly Claim[], request: IncomingMessage): RequestListener | undefined {
  try {
    return claims.find(({ filter }) => filter(request))?.app
  } catch {
    return answerBadRequest
  }
}

const answerBadRequest: RequestListener = (_request, response) => {
  response.statusCode = 400
  response.end()
}
