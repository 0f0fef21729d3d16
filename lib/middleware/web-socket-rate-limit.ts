import type { OptionReader } from '../options/option-reader.ts'
import type { RateLimitSettings } from '../web-socket/values/web-socket-settings.ts'

/**
 * How much a client may send on one WebSocket: two token buckets, one of messages and one of bytes. A message is let in while both hold something; a
 * long one may leave a debt, which has to be paid before the next. Pings and pongs do not count: no handler sees them, and of several pings that wait
 * the latest is answered.
 */
export interface WebSocketRateLimit {
  /** Messages a second, on average: a number above 0, which may be a fraction. Defaults to `Infinity`: no limit. */
  readonly messagesPerSecond?: number | undefined
  /** Messages that may come at once after a silence. Defaults to `messagesPerSecond`, at least 1. */
  readonly messageBurst?: number | undefined
  /** Bytes of messages a second, after decompression, on average. Defaults to `Infinity`: no limit. */
  readonly bytesPerSecond?: number | undefined
  /** Bytes that may come at once after a silence. Defaults to `bytesPerSecond`, at least 1. */
  readonly byteBurst?: number | undefined
  /**
   * What happens to a client that sends more:
   * - `'wait'`, the default: nothing is lost; what is too much is received later, and beyond 64 KiB the client has to wait, by the back-pressure of
   *   TCP or HTTP/2;
   * - `'close'`: the socket is closed with 1008, and `completion` has an error with code `ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED`. What comes while the handler is
   *   busy counts as sent in that time.
   */
  readonly whenExceeded?: 'close' | 'wait' | undefined
}

/** Reads the option `rateLimit`. Without any limit in it, there is none. */
export function readRateLimit(reader: OptionReader, defaultLimit: RateLimitSettings | undefined): RateLimitSettings | undefined {
  const limit = reader.group('rateLimit', RATE_LIMIT_NAMES)
  if (limit === undefined) return defaultLimit
  if (limit.value('messagesPerSecond') === undefined && limit.value('bytesPerSecond') === undefined) {
    throw reader.error('rateLimit', 'must have messagesPerSecond or bytesPerSecond, or both')
  }
  const messagesPerSecond = limit.rate('messagesPerSecond', 'messages', Infinity)
  const bytesPerSecond = limit.rate('bytesPerSecond', 'bytes', Infinity)
  const whenExceeded = limit.value('whenExceeded') ?? 'wait'
  if (whenExceeded !== 'close' && whenExceeded !== 'wait') throw limit.error('whenExceeded', "must be 'wait' or 'close'")
  const settings: RateLimitSettings = {
    messagesPerSecond,
    messageBurst: limit.limit('messageBurst', 1, 'messages', Math.max(1, messagesPerSecond)),
    bytesPerSecond,
    byteBurst: limit.limit('byteBurst', 1, 'bytes', Math.max(1, bytesPerSecond)),
    whenExceeded,
  }
  return messagesPerSecond === Infinity && bytesPerSecond === Infinity ? undefined : settings
}

const RATE_LIMIT_NAMES: readonly (keyof WebSocketRateLimit)[] = [
  'messagesPerSecond',
  'messageBurst',
  'bytesPerSecond',
  'byteBurst',
  'whenExceeded',
]
