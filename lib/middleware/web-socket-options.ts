import { IncomingMessage } from 'node:http'
import { normaliseOrigin } from '../handshake/normalise-origin.ts'
import type { AllowedOrigin, OriginPredicate } from '../handshake/origin-filter.ts'
import { OptionReader, show } from '../options/option-reader.ts'
import { readRateLimit } from './web-socket-rate-limit.ts'
import type { WebSocketRateLimit } from './web-socket-rate-limit.ts'
import type { RateLimitSettings } from '../web-socket/values/web-socket-settings.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'

/** What `useWebSockets()` can be told. Times are milliseconds, sizes are bytes. */
export interface WebSocketOptions {
  /**
   * Who may open WebSockets, by the `Origin` header that browsers send: a list of {@link AllowedOrigin}, or `'same-origin'`, a `RegExp` or a
   * predicate alone. A WebSocket request from elsewhere is answered 403. Requests without an `Origin` (they do not come from a browser)
   * and requests that are no WebSocket requests are not looked at. Defaults to `[]`: every origin.
   */
  readonly allowedOrigins?: readonly AllowedOrigin[] | 'same-origin' | RegExp | OriginPredicate | undefined
  /**
   * How long the application may take to answer a Close frame that it has received, or that lies waiting while nobody receives; then it is
   * answered with its own code, and the connection ended. Defaults to `500`; Infinity: for ever, as in ASP.NET Core. A `for await` loop
   * that ends with the Close frame answers it at once, and one that is busy with a message has `closeTimeout`.
   */
  readonly closeAnswerTimeout?: number | undefined
  /** How long a socket that is closing or disposed waits for its peer before it cuts the connection. Defaults to `30_000`; Infinity: for ever. */
  readonly closeTimeout?: number | undefined
  /**
   * The time between two pings; with `keepAliveTimeout`, the time without a sign of life before one. Defaults to `120_000` (two minutes); `0` or
   * `Infinity`: no pings.
   */
  readonly keepAliveInterval?: number | undefined
  /**
   * How long a peer may give no sign of life after a ping before the connection is aborted. A sign of life is anything that arrives, or that some of
   * what waits for the peer leaves; the guide "Notice clients that are gone" has the rule. Defaults to `Infinity`: for ever; `0` means the same.
   */
  readonly keepAliveTimeout?: number | undefined
  /**
   * How many bytes of memory the sends may take that nobody awaits and that wait for a peer that reads too slowly, some 500 for each of them
   * included; one message more aborts the connection with `ERR_WEBSOCKET_TOO_SLOW`. Defaults to `67_108_864` (64 MiB).
   */
  readonly maxBufferedAmount?: number | undefined
  /** How many WebSockets may be open, or about to be opened, at a time; one more is answered 503. Defaults to `Infinity`. */
  readonly maxConnections?: number | undefined
  /** The longest message that is received as a whole; a longer one closes the socket with 1009. Defaults to `16_777_216` (16 MiB). */
  readonly maxMessageSize?: number | undefined
  /** How much a client may send on one WebSocket. Defaults to no limit. */
  readonly rateLimit?: WebSocketRateLimit | undefined
}

/** {@link WebSocketOptions}, checked and complete. */
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
  const reader = new OptionReader({ name: 'useWebSockets', code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, OPTION_NAMES)
  return {
    allowedOrigins: readAllowedOrigins(reader),
    closeAnswerTimeout: reader.duration('closeAnswerTimeout', 'for ever', 500),
    closeTimeout: reader.duration('closeTimeout', 'for ever', 30_000),
    keepAliveInterval: reader.duration('keepAliveInterval', '0 or Infinity: no pings', 120_000),
    keepAliveTimeout: reader.duration('keepAliveTimeout', '0 or Infinity: for ever', Infinity),
    maxBufferedAmount: reader.limit('maxBufferedAmount', 1, 'bytes', 64 * 1024 * 1024),
    maxConnections: reader.limit('maxConnections', 0, 'connections', Infinity),
    maxMessageSize: reader.limit('maxMessageSize', 1, 'bytes', 16 * 1024 * 1024),
    rateLimit: readRateLimit(reader, undefined),
  }
}

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

/** A copy, so that later changes to the list change nothing. */
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
  if (typeof origin !== 'string') throw reader.error('allowedOrigins', `must hold strings, RegExps and predicates, not ${show(origin)}`)
  if (origin === '' || origin === '*' || origin === 'null' || origin === 'same-origin') return origin
  const normalised = normaliseOrigin(origin)
  if ('origin' in normalised) return normalised.origin
  throw reader.error('allowedOrigins', `must ${normalised.remedy}`)
}

/** Every function is taken as a predicate: what it answers is checked when it is asked. */
function isPredicate(value: unknown): value is OriginPredicate {
  return typeof value === 'function'
}
