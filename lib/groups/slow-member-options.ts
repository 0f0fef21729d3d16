import type { OptionReader } from '../options/option-reader.ts'

/**
 * How a group treats a member that reads more slowly than the group sends:
 * - `'abort'`: messages wait for the member. A member with more than `maxBufferedAmount` waiting is aborted (`ERR_WEBSOCKET_TOO_SLOW`).
 * - `'drop'`: messages wait for the member. A message that would exceed `maxBufferedAmount` is dropped for this member.
 * - `'latest'`: only the latest message waits for the member, and replaces the one before. Use it for states, such as prices.
 * - `'wait'`: messages wait as with `'abort'`, and the promise of `send()` resolves when every member has taken the message. A sender that awaits it
 *   is as fast as the slowest member. A member that takes nothing for `waitTimeout` is aborted.
 */
export type SlowMemberPolicy = 'abort' | 'drop' | 'latest' | 'wait'

/** Options for members that read slowly. Sizes are bytes, times are milliseconds. */
export interface ResolvedSlowMemberOptions {
  readonly slowMembers: SlowMemberPolicy
  readonly maxBufferedAmount: number
  readonly waitTimeout: number
}

export const SLOW_MEMBER_OPTION_NAMES: readonly string[] = ['maxBufferedAmount', 'slowMembers', 'waitTimeout']

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`. */
export function readSlowMemberOptions(reader: OptionReader): ResolvedSlowMemberOptions {
  return {
    slowMembers: readPolicy(reader),
    maxBufferedAmount: reader.limit('maxBufferedAmount', 1, 'bytes', 1_048_576),
    waitTimeout: reader.duration('waitTimeout', 'no limit', 30_000),
  }
}

function readPolicy(reader: OptionReader): SlowMemberPolicy {
  const value = reader.value('slowMembers') ?? 'abort'
  if (value === 'abort' || value === 'drop' || value === 'latest' || value === 'wait') return value
  throw reader.error('slowMembers', "must be 'abort', 'drop', 'latest' or 'wait'")
}
