import type { IncomingMessage } from 'node:http'
import type { OpenWebSocket } from './open-web-socket.ts'
import { argumentError } from '../options/argument-error.ts'
import { resolveDrainOptions } from './options/web-socket-drain-options.ts'
import type { WebSocketDrainOptions } from './options/web-socket-drain-options.ts'
import { WebSocketCloseStatus } from '../web-socket/values/web-socket-close-status.ts'
import type { WebSocketDrainResult, WebSocketRegistry } from './web-socket-registry.ts'

/** Closes the WebSockets of a middleware that a predicate selects. */
export async function closeWhere<Request extends IncomingMessage>(
  registry: WebSocketRegistry,
  predicate: (open: OpenWebSocket<Request>) => boolean,
  options: WebSocketDrainOptions | undefined,
): Promise<WebSocketDrainResult> {
  if (typeof predicate !== 'function') throw argumentError('closeWhereAsync', 'predicate', 'must be a function', predicate)
  const plan = resolveDrainOptions(options, 'closeWhereAsync', WebSocketCloseStatus.PolicyViolation)
  const selected = openWebSockets<Request>(registry).filter((open) => {
    const isSelected: unknown = predicate(open)
    if (typeof isSelected === 'boolean') return isSelected
    // The promise of an async function is truthy, so it would select every socket.
    throw argumentError('closeWhereAsync', 'predicate', 'must return true or false', isSelected)
  })
  return registry.closeSome(
    selected.map(({ webSocket }) => webSocket),
    plan,
  )
}

/** Only the application knows the type of its requests. */
export function openWebSockets<Request extends IncomingMessage>(registry: WebSocketRegistry): OpenWebSocket<Request>[] {
  return registry.open as OpenWebSocket<Request>[]
}
