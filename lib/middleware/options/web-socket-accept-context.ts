import { checkSubProtocol } from '../../web-socket/check-sub-protocol.ts'
import { misplacedOptions } from './misplaced-options.ts'
import { OptionReader } from '../../options/option-reader.ts'
import type { OptionOwner } from '../../options/option-reader.ts'
import type { ResolvedWebSocketOptions } from './web-socket-options.ts'
import { readRateLimit } from './web-socket-rate-limit.ts'
import type { WebSocketRateLimit } from './web-socket-rate-limit.ts'
import type { WebSocketSettings } from '../../web-socket/values/web-socket-settings.ts'

/** Options for accepting one WebSocket: .NET's `WebSocketAcceptContext` with additions. Times are milliseconds, sizes are bytes. */
export interface WebSocketAcceptContext {
  /** The sub-protocol in the response. It is sent unchanged, even if the client did not offer it. Defaults to none. */
  readonly subProtocol?: string | null | undefined
  /** Overrides `keepAliveInterval` of the middleware. */
  readonly keepAliveInterval?: number | undefined
  /** Overrides `keepAliveTimeout` of the middleware. */
  readonly keepAliveTimeout?: number | undefined
  /**
   * Whether to accept an offer of permessage-deflate (RFC 7692). It is dangerous because secrets that are compressed together with data of an
   * attacker can leak (CRIME, BREACH). Send secrets with `WebSocketMessageFlags.DisableCompression`. Defaults to `false`.
   */
  readonly dangerousEnableCompression?: boolean | undefined
  /** Whether to compress every message independently: less memory, worse compression. Defaults to `false`. */
  readonly disableServerContextTakeover?: boolean | undefined
  /** The largest window that the server compresses with, 9 to 15 (512 bytes to 32 KiB). Defaults to `15`. */
  readonly serverMaxWindowBits?: number | undefined
  /** Messages shorter than this are sent uncompressed. Defaults to `0`. */
  readonly compressionThreshold?: number | undefined
  /** The compression level of zlib, 0 (none) to 9 (smallest), or -1 for zlib's own default. Defaults to `-1`. */
  readonly compressionLevel?: number | undefined
  /** Overrides `maxBufferedAmount` of the middleware. */
  readonly maxBufferedAmount?: number | undefined
  /** Overrides `maxMessageSize` of the middleware. */
  readonly maxMessageSize?: number | undefined
  /** Overrides `rateLimit` of the middleware; `{ messagesPerSecond: Infinity }` removes the limit. */
  readonly rateLimit?: WebSocketRateLimit | undefined
  /** Overrides `closeAnswerTimeout` of the middleware. */
  readonly closeAnswerTimeout?: number | undefined
  /** Overrides `closeTimeout` of the middleware. */
  readonly closeTimeout?: number | undefined
  /** Cancels an accept that waits, e.g. behind another response on the same connection. It has no effect after the accept. */
  readonly signal?: AbortSignal | undefined
}

/** A checked {@link WebSocketAcceptContext}, completed with the options of the middleware. Without compression, it is also the socket's settings. */
export type ResolvedAcceptContext = AcceptContextBase &
  ({ readonly compression: CompressionSettings } | { readonly compression: undefined })

interface AcceptContextBase extends Omit<WebSocketSettings, 'compression'> {
  readonly signal: AbortSignal | undefined
}

/** How to compress, if the client offers it. */
export interface CompressionSettings {
  readonly serverContextTakeover: boolean
  readonly serverMaxWindowBits: number
  readonly threshold: number
  readonly level: number
}

/**
 * Reads the argument of `acceptWebSocketAsync`: a sub-protocol or a context.
 * @param name - the function that the application called, for error messages.
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
 */
export function resolveAcceptContext(
  argument: unknown,
  options: ResolvedWebSocketOptions,
  name = 'acceptWebSocketAsync',
): ResolvedAcceptContext {
  const isContext = typeof argument === 'object' && argument !== null
  const context = isContext ? argument : { subProtocol: argument }
  const owner: OptionOwner = { name, code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', misplaced: misplacedOptions }
  const reader = new OptionReader(owner, context, CONTEXT_NAMES)
  return {
    isServer: true,
    subProtocol: checkSubProtocol(reader.value('subProtocol')),
    keepAliveInterval: reader.duration('keepAliveInterval', '0 or Infinity: no pings', options.keepAliveInterval),
    keepAliveTimeout: reader.duration('keepAliveTimeout', '0 or Infinity: no limit', options.keepAliveTimeout),
    maxBufferedAmount: reader.limit('maxBufferedAmount', 1, 'bytes', options.maxBufferedAmount),
    maxMessageSize: reader.limit('maxMessageSize', 1, 'bytes', options.maxMessageSize),
    rateLimit: readRateLimit(reader, options.rateLimit),
    closeAnswerTimeout: reader.duration('closeAnswerTimeout', 'no limit', options.closeAnswerTimeout),
    closeTimeout: reader.duration('closeTimeout', 'no limit', options.closeTimeout),
    compression: readCompression(reader),
    signal: readSignal(reader),
  }
}

const CONTEXT_NAMES: readonly (keyof WebSocketAcceptContext)[] = [
  'subProtocol',
  'keepAliveInterval',
  'keepAliveTimeout',
  'dangerousEnableCompression',
  'disableServerContextTakeover',
  'serverMaxWindowBits',
  'compressionThreshold',
  'compressionLevel',
  'maxBufferedAmount',
  'maxMessageSize',
  'rateLimit',
  'closeAnswerTimeout',
  'closeTimeout',
  'signal',
]

/** Checks the parameters even if compression is off, as .NET's setters do. */
function readCompression(reader: OptionReader): CompressionSettings | undefined {
  const settings: CompressionSettings = {
    serverContextTakeover: !reader.boolean('disableServerContextTakeover', false),
    serverMaxWindowBits: reader.integer('serverMaxWindowBits', 9, 15, 15),
    threshold: reader.limit('compressionThreshold', 0, 'bytes', 0),
    level: reader.integer('compressionLevel', -1, 9, -1),
  }
  return reader.boolean('dangerousEnableCompression', false) ? settings : undefined
}

function readSignal(reader: OptionReader): AbortSignal | undefined {
  const signal = reader.value('signal')
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw reader.error('signal', 'must be an AbortSignal')
}
