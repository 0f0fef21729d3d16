import type { Backplane } from './backplane.ts'
import type { OptionReader } from '../options/option-reader.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'

/** The options that connect groups to those of other processes. */
export interface ResolvedRelayOptions {
  readonly backplane: Backplane
  readonly maxMessageSize: number
  readonly onError: (error: WebSocketException) => void
}

export const RELAY_OPTION_NAMES: readonly string[] = ['backplane', 'maxMessageSize', 'onError']

/**
 * @returns `undefined` without a backplane.
 * @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export function readRelayOptions(reader: OptionReader): ResolvedRelayOptions | undefined {
  const maxMessageSize = reader.limit('maxMessageSize', 1, 'bytes', 1_048_576)
  const onError = reader.value('onError') ?? warnOnce()
  if (!isErrorListener(onError)) throw reader.error('onError', 'must be a function')
  const backplane = reader.value('backplane')
  if (backplane === undefined) return undefined
  if (!isBackplane(backplane)) throw reader.error('backplane', 'must have the methods publish() and subscribe()')
  return { backplane, maxMessageSize, onError }
}

function isErrorListener(value: unknown): value is (error: WebSocketException) => void {
  return typeof value === 'function'
}

function isBackplane(value: unknown): value is Backplane {
  if (typeof value !== 'object' || value === null || !('publish' in value) || !('subscribe' in value)) return false
  return typeof value.publish === 'function' && typeof value.subscribe === 'function'
}

/** Warns only once: while an engine cannot be reached, every message fails. */
function warnOnce(): (error: WebSocketException) => void {
  const seen = new Set<string>()
  return (error) => {
    if (seen.has(error.code)) return
    seen.add(error.code)
    process.emitWarning(`${error.message}. Further errors with this code are not shown; set the option onError of the groups to see them`, {
      code: error.code,
    })
  }
}
