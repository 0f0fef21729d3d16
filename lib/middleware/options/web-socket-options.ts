import { IncomingMessage } from 'node:http'
import { normaliseOrigin } from '../../handshake/normalise-origin.ts'
import type { AllowedOrigin, OriginPredicate } from '../../handshake/origin-filter.ts'
import { misplacedOptions } from './misplaced-options.ts'
import { OptionReader, show } from '../../options/option-reader.ts'
import type { OptionOwner } from '../../options/option-reader.ts'
import { readRateLimit } from './web-socket-rate-limit.ts'
import type { WebSocketRateLimit } from './web-socket-rate-limit.ts'
import type { RateLimitSettings } from '../../web-socket/values/web-socket-settings.ts'
import { WebSocketException } from '../../errors/web-socket-exception.ts'

/** Options of `useWebSockets()`. Times are milliseconds, sizes are bytes. */
export interface WebSocketOptions {
  /**
   * The origins that may open WebSockets, by the `Origin` header that browsers send: a list of {@link AllowedOrigin}, or a single
   * `'same-origin'`, `RegExp` or predicate. A WebSocket request from another origin is answered with 403. Requests without an `Origin` (they do
   * not come from a browser) and requests that do not ask for a WebSocket are not checked. Defaults to `[]`: every origin.
   */
  readonly allowedOrigins?: readonly AllowedOrigin[] | 'same-origin' | RegExp | OriginPredicate | undefined
  /**
   * How long the application may take to answer a Close frame that it has received. The time also runs while a Close frame has arrived and the
   * application receives nothing. After that time, the package answers with the same code, and the connection ends. `Infinity` means no limit, as
   * in ASP.NET Core. A `for await` loop that ends with the Close frame answers it at once; a loop that is busy with a message has `closeTimeout`.
   * Defaults to `500`.
   */
  readonly closeAnswerTimeout?: number | undefined
  /** How long a closing or disposed socket waits for its peer before it aborts the connection; `Infinity` means no limit. Defaults to `30_000`. */
  readonly closeTimeout?: number | undefined
  /**
   * The time between two pings. With `keepAliveTimeout`, the time without a sign of life before a ping. `0` and `Infinity` mean no pings.
   * Defaults to `120_000` (two minutes).
   */
  readonly keepAliveInterval?: number | undefined
  /**
   * How long a peer may give no sign of life after a ping before the connection is aborted. A sign of life is received data, or progress of
   * data that waits for the peer; the guide "Notice clients that are gone" has the exact rule. `0` and `Infinity` mean no limit. Defaults to
   * `Infinity`.
   */
  readonly keepAliveTimeout?: number | undefined
  /**
   * The maximum memory of unawaited sends that wait for a slow peer. Each send counts some 500 bytes besides its data. A further send that would
   * exceed the limit aborts the connection with `ERR_WEBSOCKET_TOO_SLOW`. Defaults to `67_108_864` (64 MiB).
   */
  readonly maxBufferedAmount?: number | undefined
  /** The maximum number of WebSockets that are open or opening. Further requests are answered with 503. Defaults to `Infinity`. */
  readonly maxConnections?: number | undefined
  /** The longest message that is received as a whole. A longer message closes the socket with 1009. Defaults to `16_777_216` (16 MiB). */
  readonly maxMessageSize?: number | undefined
  /** How much a client may send on one WebSocket. Defaults to no limit. */
  readonly rateLimit?: WebSocketRateLimit | undefined
}

/** Checked {@link WebSocketOptions}, completed with the defaults. */
export interface ResolvedWebSocketOptions {
  readonly allowedOrigins: readonly AllowedOrigin[]
  readonly closeAnswerTimeout: number
  readonly closeTimeout: number
  readonly keepAliveInterval: number
  readonly keepAliveTimeout: number
  readonly maxBufferedAmount: number
  readonly maxConnections: number
  readonly maxMessageSize: number
  readonly rateLimit: RateLimitSettings | undefined
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`. */
export function resolveWebSocketOptions(options: WebSocketOptions | undefined): ResolvedWebSocketOptions {
  if (options === undefined) return resolveWebSocketOptions({})
  if (options instanceof IncomingMessage) {
    const message = 'useWebSockets: call it to make the middleware: app.use(useWebSockets()) instead of app.use(useWebSockets)'
    throw new WebSocketException('ERR_WEBSOCKET_INVALID_OPTION', message)
  }
  const reader = new OptionReader(OWNER, options, OPTION_NAMES)
  return {
    allowedOrigins: readAllowedOrigins(reader),
    closeAnswerTimeout: reader.duration('closeAnswerTimeout', 'no limit', 500),
    closeTimeout: reader.duration('closeTimeout', 'no limit', 30_000),
    keepAliveInterval: reader.duration('keepAliveInterval', '0 or Infinity: no pings', 120_000),
    keepAliveTimeout: reader.duration('keepAliveTimeout', '0 or Infinity: no limit', Infinity),
    maxBufferedAmount: reader.limit('maxBufferedAmount', 1, 'bytes', 64 * 1024 * 1024),
    maxConnections: reader.limit('maxConnections', 0, 'connections', Infinity),
    maxMessageSize: reader.limit('maxMessageSize', 1, 'bytes', 16 * 1024 * 1024),
    rateLimit: readRateLimit(reader, undefined),
  }
}

const OWNER: OptionOwner = { name: 'useWebSockets', code: 'ERR_WEBSOCKET_INVALID_OPTION', misplaced: misplacedOptions }

const OPTION_NAMES: readonly (keyof WebSocketOptions)[] = [
  'allowedOrigins',
  'closeAnswerTimeout',
  'closeTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxBufferedAmount',
  'maxConnections',
  'maxMessageSize',
  'rateLimit',
]

/** A copy, so that later changes to the list have no effect. */
function readAllowedOrigins(reader: OptionReader): readonly AllowedOrigin[] {
  const value = reader.value('allowedOrigins')
  if (value === undefined) return []
  if (value === 'same-origin' || value instanceof RegExp || isPredicate(value)) return [value]
  if (typeof value === 'string') throw reader.error('allowedOrigins', `must be a list: write [${show(value)}]`)
  if (!Array.isArray(value)) throw reader.error('allowedOrigins', `must be a list of origins, 'same-origin', a RegExp or a predicate`)
  return value.map((origin: unknown) => checkOrigin(reader, origin))
}

function checkOrigin(reader: OptionReader, origin: unknown): AllowedOrigin {
  if (origin instanceof RegExp || isPredicate(origin)) return origin
  if (typeof origin !== 'string') throw reader.error('allowedOrigins', `must contain strings, RegExps and predicates, not ${show(origin)}`)
  if (origin === '' || origin === '*' || origin === 'null' || origin === 'same-origin') return origin
  const normalised = normaliseOrigin(origin)
  if ('origin' in normalised) return normalised.origin
  throw reader.error('allowedOrigins', `must ${normalised.remedy}`)
}

/** Every function is a predicate. Its result is checked at each call. */
function isPredicate(value: unknown): value is OriginPredicate {
  return typeof value === 'function'
}
