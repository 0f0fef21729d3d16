import { argumentError } from '../options/argument-error.ts'
import { OptionReader } from '../options/option-reader.ts'
import { checkWebSocket } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { binaryMessage, invalidJson, schemaMismatch } from './invalid-json-message.ts'
import type { InvalidJsonMessage } from './invalid-json-message.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** Options of {@link jsonMessages}. */
export interface JsonMessagesOptions {
  /**
   * Called for a message that is not JSON or does not match the schema. The loop awaits it, and then continues with the next message if the socket is
   * still open; otherwise the loop ends. If it throws, the loop throws the same error. By default, it sends a Close frame with `error.closeStatus`
   * and `error.reason`.
   */
  readonly onInvalid?: ((error: InvalidJsonMessage, webSocket: ManagedWebSocket) => Promise<void> | void) | undefined
}

/**
 * Receives whole messages as JSON. It iterates over the values as `for await` over the socket iterates over the messages, and ends in the same
 * cases. With a schema, it returns the output of the schema, with its type. An async schema is awaited, and the peer waits meanwhile
 * (backpressure). A message that is not JSON or does not match the schema is passed to `onInvalid`. By default that closes the socket with 1007
 * and the first issue as the reason. A binary message closes it with 1003. If the schema throws, the loop throws the same error.
 *
 * A message of n bytes can become a value of 30 n bytes, so set `maxMessageSize` to the size that your messages need. The parser accepts any depth
 * of nesting; a message that makes the schema run out of stack is invalid. A key `__proto__` is an ordinary own property: copy values with a
 * spread, not with `Object.assign()`.
 *
 * @param webSocket - the socket to receive from. No other code may receive from it.
 * @param schema - a schema that implements Standard Schema v1, e.g. of zod, valibot or arktype. Without it, values are `unknown`.
 * @param options - how to handle invalid messages.
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
  const given = reader.value('onInvalid')
  const onInvalid = given === undefined ? close : given
  if (!isInvalidListener(onInvalid)) throw reader.error('onInvalid', 'must be a function')
  return receiveValues(webSocket, schema, onInvalid)
}

const OWNER = 'jsonMessages'

function isInvalidListener(value: unknown): value is NonNullable<JsonMessagesOptions['onInvalid']> {
  return typeof value === 'function'
}

function checkSchema(schema: unknown): void {
  // Schemas of arktype are functions.
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
      // The schema guarantees the type.
      yield result.value as Value
      continue
    }
    const { state } = webSocket
    await onInvalid(result.error, webSocket)
    if (webSocket.state !== state) return
  }
}

type ParseResult = { readonly value: unknown } | { readonly error: InvalidJsonMessage }

function parse(message: string): ParseResult {
  try {
    return { value: JSON.parse(message) as unknown }
  } catch (error) {
    return { error: invalidJson(error) }
  }
}

async function validate(schema: StandardSchemaV1, value: unknown): Promise<ParseResult> {
  try {
    const result = await schema['~standard'].validate(value)
    return result.issues === undefined ? { value: result.value } : { error: schemaMismatch(result.issues) }
  } catch (error) {
    // A recursive schema follows any depth of nesting. An overflow of the stack is the fault of the peer, not of the schema.
    if (error instanceof RangeError && error.message === STACK_OVERFLOW)
      return { error: schemaMismatch([{ message: 'Nested too deeply' }]) }
    throw error
  }
}

/** The message of V8. */
const STACK_OVERFLOW = 'Maximum call stack size exceeded'

async function close({ closeStatus, reason }: InvalidJsonMessage, webSocket: ManagedWebSocket): Promise<void> {
  // `completion` reports the result.
  await webSocket.closeAsync(closeStatus, reason).catch(ignoreError)
}

function ignoreError(): void {}
