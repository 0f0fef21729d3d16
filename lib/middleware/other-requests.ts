import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerOtherRequest } from './web-socket-endpoint.ts'
import { OptionReader } from '../options/option-reader.ts'

/** What a WebSocket endpoint does with other requests. */
export interface WebSocketHandlerOptions {
  /**
   * What happens to a request that is no WebSocket request, and no attempt at one either:
   * - `'refuse'`, the default: it is answered 426;
   * - `'next'`: it goes on to the next handler, so that a page and a WebSocket can share a path;
   * - `'next route'`: it goes on to the next route, past the other handlers of this one.
   *
   * A malformed attempt is refused always.
   */
  readonly otherRequests?: 'next' | 'next route' | 'refuse' | undefined
}

/** One call of a handler. */
export interface HandlerCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly next: (error?: unknown) => void
}

/** Does with a request that is no WebSocket request what the options say. */
export function passOnOrRefuse(
  { request, response, next }: HandlerCall,
  refusal: string | undefined,
  { otherRequests }: WebSocketHandlerOptions,
): void {
  if (otherRequests === undefined || otherRequests === 'refuse' || refusal !== undefined) answerOtherRequest(request, response, refusal)
  else if (otherRequests === 'next') next()
  // Express's own word for it.
  else next('route')
}

/**
 * Checks the options of a handler.
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export function resolveHandlerOptions(options: WebSocketHandlerOptions | undefined, name: string): WebSocketHandlerOptions {
  if (options === undefined) return {}
  const reader = new OptionReader({ name, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, ['otherRequests'])
  const { otherRequests } = options
  if (otherRequests !== undefined && !OTHER_REQUESTS.has(otherRequests)) {
    throw reader.error('otherRequests', `must be 'refuse', 'next' or 'next route'`)
  }
  return { otherRequests }
}

const OTHER_REQUESTS = new Set<unknown>(['next', 'next route', 'refuse'])
