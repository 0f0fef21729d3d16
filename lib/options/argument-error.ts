import { WebSocketException } from '../errors/web-socket-exception.ts'
import { show } from './option-reader.ts'

/** The error of an invalid argument of `owner`, with a remedy. */
export function argumentError(owner: string, argument: string, remedy: string, value: unknown): WebSocketException {
  const message = `${owner}: the argument '${argument}' ${remedy}. Received ${show(value)}`
  return new WebSocketException('ERR_WEBSOCKET_INVALID_ARGUMENT', message, { argument })
}
