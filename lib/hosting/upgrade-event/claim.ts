import type { IncomingMessage, RequestListener } from 'node:http'
import type { WebSocketMethod } from '../http2/web-socket-method.ts'

/** How `attachWebSockets()` tells which upgrade requests are the application's. */
export interface AttachOptions {
  /** Whether this upgrade request is for the application; e.g. `({ url }) => url?.startsWith('/ws') === true`. */
  readonly filter: (request: IncomingMessage) => boolean
  /** On a server of `node:http2`: as of `createServer()` of `express-use-websockets/http2`. The first application of a server decides for all. */
  readonly webSocketMethod?: WebSocketMethod | undefined
}

/** An application, and which upgrade requests are its own. */
export interface Claim extends Pick<AttachOptions, 'filter'> {
  readonly app: RequestListener
}

/** The application that claims the request. A filter may fail, as many do on a URL that is none: then it is a bad request. */
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
