import { handledRejection } from '../errors/handled-rejection.ts'
import { STATE_NAMES } from './state-names.ts'
import type { WebSocketConnection } from './web-socket-connection.ts'

/** The rejection of an operation that the state of the connection does not allow. */
export function rejectState(connection: WebSocketConnection, validStates: string): Promise<never> {
  const name = STATE_NAMES[connection.state]
  const message = `The WebSocket is in an invalid state ('${name}') for this operation. Valid states are: '${validStates}'`
  return handledRejection(connection.invalidState(message))
}
