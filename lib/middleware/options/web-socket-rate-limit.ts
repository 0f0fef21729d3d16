import type { OptionReader } from '../../options/option-reader.ts'
import type { RateLimitSettings } from '../../web-socket/values/web-socket-settings.ts'

/**
 * Limits how much a client may send on one WebSocket. There are two token buckets, one for messages and one for bytes. A message passes while
 * both buckets contain tokens. A long message may leave a debt, which must be refilled before the next message. Pings and pongs do not count:
 * no handler sees them, and only the latest of several waiting pings is answered.
 */
export interface WebSocketRateLimit {
  /** The average number of messages per second: above 0, fractions allowed. Defaults to `Infinity`: no limit. */
  readonly messagesPerSecond?: number | undefined
  /** The number of messages that may arrive at once after a pause. Defaults to `messagesPerSecond`, at least 1. */
  readonly messageBurst?: number | undefined
  /** The average number of message bytes per second, after decompression. Defaults to `Infinity`: no limit. */
  readonly bytesPerSecond?: number | undefined
  /** The number of bytes that may arrive at once after a pause. Defaults to `bytesPerSecond`, at least 1. */
  readonly byteBurst?: number | undefined
  /**
   * What happens when a client sends more:
   * - `'wait'` (the default): no message of an open connection is lost. Messages over the limit are received later. Beyond 64 KiB the client must wait, by the
   *   backpressure of TCP or HTTP/2. Messages before a Close frame are received for `closeTimeout` at most after it has arrived, and then dropped.
   *   When the connection ends without a Close frame, messages that still wait are dropped at once.
   * - `'close'`: the socket is closed with 1008, and `completion` has an error with code `ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED`. Data that arrives
   *   while the handler is busy counts as sent in that time.
   */
  readonly whenExceeded?: 'close' | 'wait' | undefined
}

/** Reads the option `rateLimit`. Returns `undefined` if it contains no limit. */
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
