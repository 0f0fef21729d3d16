import { argumentError } from '../options/argument-error.ts'
import { OptionReader } from '../options/option-reader.ts'
import { checkWebSocket } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { binaryMessage, noJson, notAsDescribed } from './invalid-json-message.ts'
import type { InvalidJsonMessage } from './invalid-json-message.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** How {@link jsonMessages} receives. */
export interface JsonMessagesOptions {
  /**
   * What happens to a message that is no JSON, or not what the schema describes. The loop waits for it, and goes on with the next message if the
   * socket is still open then; else it ends. What it throws, the loop throws. Default: a Close frame with `error.closeStatus` and `error.reason`.
   */
  readonly onInvalid?: ((error: InvalidJsonMessage, webSocket: ManagedWebSocket) => Promise<void> | void) | undefined
}

/**
 * Receives whole messages as JSON, until the conversation ends: goes through the values as `for await` over the socket goes through the messages,
 * and ends as that does. With a schema, the values are what it makes of them, and have its type; an async one is awaited, and the peer waits
 * meanwhile. What is no JSON, or not what the schema describes, goes to `onInvalid`, which closes with 1007 and the first issue as the reason.
 * A binary message is no JSON, and closes with 1003. An error that the schema throws is thrown by the loop.
 *
 * A message of n bytes can become a value of 30 n bytes; so let `maxMessageSize` be what your messages need. How deep it is nested does not matter to
 * the parser; a schema that runs out of stack refuses the message. A key `__proto__` is an own property like any other: copy values with a spread,
 * not with `Object.assign()`.
 *
 * @param webSocket - a socket that nobody else receives from.
 * @param schema - anything that implements Standard Schema v1: zod, valibot, arktype. Default: none, and values are `unknown`.
 * @param options - what happens to invalid messages.
 * @example
 * ```ts
 * import { jsonMessages, sendJson } from 'express-use-websockets/json'
 * import { z } from 'zod'
 *
 * const Order = z.object({ product: z.string(), count: z.int().positive() })
 *
 * app.all(
 *   '/orders',
 *   webSocketHandler(async (webSocket) => {
 *     for await (const { product, count } of jsonMessages(webSocket, Order)) await sendJson(webSocket, { reserved: count, product })
 *   }),
 * )
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, or `ERR_WEBSOCKET_INVALID_OPTION`, when it is called.
 */
export function jsonMessages<Schema extends StandardSchemaV1 | undefined = undefined>(
  webSocket: ManagedWebSocket,
  schema?: Schema,
  options: JsonMessagesOptions = {},
): AsyncGenerator<Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : unknown, void, undefined> {
  checkWebSocket(webSocket)
  if (schema !== undefined) checkSchema(schema)
  const reader = new OptionReader({ name: OWNER, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, ['onInvalid'])
  const { onInvalid = close } = options
  if (typeof onInvalid !== 'function') throw reader.error('onInvalid', 'must be a function')
  return receiveValues(webSocket, schema, onInvalid)
}

const OWNER = 'jsonMessages'

function checkSchema(schema: unknown): void {
  // Those of arktype are functions.
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function'
  const standard: unknown = isObject && '~standard' in schema ? schema['~standard'] : undefined
  if (typeof standard === 'object' && standard !== null && 'version' in standard && standard.version === 1) return
  throw argumentError(OWNER, 'schema', 'must implement Standard Schema v1, as a schema of zod, valibot or arktype, or be undefined', schema)
}

async function* receiveValues<Value>(
  webSocket: ManagedWebSocket,
  schema: StandardSchemaV1 | undefined,
  onInvalid: NonNullable<JsonMessagesOptions['onInvalid']>,
): AsyncGenerator<Value, void, undefined> {
  for await (const message of webSocket) {
    let result = typeof message === 'string' ? parse(message) : { error: binaryMessage() }
    if (schema !== undefined && 'value' in result) result = await validate(schema, result.value)
    if ('value' in result) {
      // The schema vouches for it.
      yield result.value as Value
      continue
    }
    const { state } = webSocket
    await onInvalid(result.error, webSocket)
    if (webSocket.state !== state) return
  }
}

type Reading = { readonly value: unknown } | { readonly error: InvalidJsonMessage }

function parse(message: string): Reading {
  try {
    return { value: JSON.parse(message) as unknown }
  } catch (error) {
    return { error: noJson(error) }
  }
}

async function validate(schema: StandardSchemaV1, value: unknown): Promise<Reading> {
  try {
    const result = await schema['~standard'].validate(value)
    return result.issues === undefined ? { value: result.value } : { error: notAsDescribed(result.issues) }
  } catch (error) {
    // A schema that is recursive follows the peer into any depth, which is the peer's fault, not the schema's.
    if (error instanceof RangeError && error.message === STACK_OVERFLOW)
      return { error: notAsDescribed([{ message: 'Nested too deeply' }]) }
    throw error
  }
}

/** V8's words. */
const STACK_OVERFLOW = 'Maximum call stack size exceeded'

async function close({ closeStatus, reason }: InvalidJsonMessage, webSocket: ManagedWebSocket): Promise<void> {
  // How it ends is in the completion.
  await webSocket.closeAsync(closeStatus, reason).catch(ignoreError)
}

function ignoreError(): void {}
