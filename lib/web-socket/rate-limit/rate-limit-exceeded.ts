import { connectionError } from '../../errors/connection-error.ts'
import type { WebSocketException } from '../../errors/web-socket-exception.ts'

/** The error of a peer that has exceeded its rate limit, if that ends the connection. */
export function rateLimitExceeded(): WebSocketException {
  return connectionError('ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED', 'The peer sent more than its rateLimit allows')
}
