import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { AcceptingHead } from './accepting-head.ts'
import type { ResponseGate } from './response-gate.ts'
import { signalAbortError } from '../errors/abort-error.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'

/** A response that is about to accept a WebSocket. */
export interface AcceptingResponse {
  readonly gate: ResponseGate
  readonly head: AcceptingHead
  /** Called before an answer of the application is sent. */
  readonly restore: () => void
  readonly connection: Duplex
  readonly signal: AbortSignal | undefined
}

/**
 * Runs the hooks on the end of the response before the WebSocket opens, as before the end of any response. So a session is in its store before the
 * client sees that it is connected. Resolves when the hooks have finished or the client has gone.
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_RESPONSE_STARTED` if the application answers meanwhile, e.g. because the session store has
 * failed; the reason of `signal` if it is aborted; and any error of a hook.
 */
export async function runEndHooks({ gate, head, restore, connection, signal }: AcceptingResponse): Promise<void> {
  const settled = new AbortController()
  const options = { signal: settled.signal }
  const passed = gate.runHooks(restore)
  const end = once(connection, 'close', options)
  const cancellation = signal === undefined ? [] : [once(signal, 'abort', options)]
  // An error of the connection also closes it, which the caller checks.
  const interrupted = Promise.race([end, ...cancellation]).then(isFalse, isFalse)
  const isAnswered = await Promise.race([passed, interrupted]).finally(() => {
    settled.abort()
    gate.stopReporting()
  })
  if (signal?.aborted) throw signalAbortError(signal)
  if (!isAnswered && !head.isOverridden) return
  const message = 'The application answered the request while it was being accepted, so the WebSocket was not opened'
  throw new WebSocketException('ERR_WEBSOCKET_RESPONSE_STARTED', message)
}

function isFalse(): false {
  return false
}
