import { WebSocketException } from '../errors/web-socket-exception.ts'
import { OptionReader } from '../options/option-reader.ts'
import { checkSignal, checkWebSocket } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { WebSocketMessageFlags } from '../web-socket/values/web-socket-message-flags.ts'

/** Options of {@link sendJson}. */
export interface SendJsonOptions {
  /** Whether to send this message uncompressed even if compression was negotiated. Use it for secrets. Defaults to `false`. */
  readonly disableCompression?: boolean | undefined
  /** Cancels the call, as for `sendAsync()`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a value as JSON, in one text message. Resolves as `sendAsync()` does. To send one value to many sockets, use
 * `prepareMessage(JSON.stringify(value))`.
 * @param webSocket - the socket to send on.
 * @param value - any value that `JSON.stringify()` accepts. As always, a `Date` becomes a string and a `Map` becomes `{}`.
 * @param options - whether to compress, and a signal that cancels the call.
 * @example
 * ```ts
 * import { sendJson } from 'express-use-websockets/json'
 *
 * await sendJson(webSocket, { price: 42 })
 * ```
 * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT` if `value` cannot be written as JSON (`undefined`, a function, a BigInt,
 * a cycle), and nothing was sent then; else as `sendAsync()`.
 */
export function sendJson(webSocket: ManagedWebSocket, value: unknown, options?: SendJsonOptions): Promise<void> {
  try {
    checkWebSocket(webSocket)
    const text = toText(value)
    if (options === undefined) return webSocket.sendAsync(text)
    const reader = new OptionReader({ name: OWNER, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, ['disableCompression', 'signal'])
    const flags = reader.boolean('disableCompression', false)
      ? WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression
      : true
    const signal = reader.value('signal')
    checkSignal(signal)
    return webSocket.sendAsync(text, undefined, flags, signal)
  } catch (error) {
    return Promise.reject(error)
  }
}

const OWNER = 'sendJson'

function toText(value: unknown): string {
  let text: unknown
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw serializationError(cause instanceof Error ? cause.message : String(cause), cause)
  }
  if (typeof text === 'string') return text
  throw serializationError(`JSON cannot represent ${typeof value}`)
}

function serializationError(why: string, cause?: unknown): WebSocketException {
  const message = `${OWNER}: the argument 'value' cannot be written as JSON: ${why}`
  return new WebSocketException('ERR_WEBSOCKET_INVALID_ARGUMENT', message, { argument: 'value', ...(cause === undefined ? {} : { cause }) })
}
