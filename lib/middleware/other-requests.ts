import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerOtherRequest } from './web-socket-endpoint.ts'
import { OptionReader } from '../options/option-reader.ts'

/** How a WebSocket endpoint treats other requests. */
export interface WebSocketHandlerOptions {
  /**
   * How to treat a request that does not ask for a WebSocket:
   * - `'refuse'` (the default): the endpoint answers 426;
   * - `'next'`: the request goes to the next handler, so that a page and a WebSocket can share a path;
   * - `'next route'`: the request goes to the next route and skips the remaining handlers of this route.
   *
   * The endpoint always refuses a malformed WebSocket request.
   */
  readonly otherRequests?: 'next' | 'next route' | 'refuse' | undefined
}

/** One call of a handler. */
export interface HandlerCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly next: (error?: unknown) => void
}

/** Passes on or refuses a request that does not ask for a WebSocket, as the options say. */
export function passOnOrRefuse(
  { request, response, next }: HandlerCall,
  refusal: string | undefined,
  { otherRequests }: WebSocketHandlerOptions,
): void {
  if (otherRequests === undefined || otherRequests === 'refuse' || refusal !== undefined) answerOtherRequest(request, response, refusal)
  else if (otherRequests === 'next') next()
  // The value that Express defines for this.
  else next('route')
}

/**
 * Checks the options of a handler.
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export function resolveHandlerOptions(options: WebSocketHandlerOptions | undefined, name: string): WebSocketHandlerOptions {
  if (options === undefined) return {}
  const reader = new OptionReader({ name, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, ['otherRequests'])
  const otherRequests = reader.value('otherRequests')
  if (otherRequests === undefined || otherRequests === 'refuse' || otherRequests === 'next' || otherRequests === 'next route')
    return { otherRequests }
  throw reader.error('otherRequests', `must be 'refuse', 'next' or 'next route'`)
}
