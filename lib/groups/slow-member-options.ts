import type { OptionReader } from '../options/option-reader.ts'

/**
 * What becomes of a message for a member that reads more slowly than the group sends:
 * - `'abort'`: it waits for the member, and a member for which more than `maxBufferedAmount` would wait is cut off (`ERR_WEBSOCKET_TOO_SLOW`).
 * - `'drop'`: it waits for the member, and is dropped for it if more than `maxBufferedAmount` would wait.
 * - `'latest'`: one message waits for the member: the latest one, which takes the place of the one before. For states, such as prices.
 * - `'wait'`: it waits as with `'abort'`, and the promise of `send()` resolves when every member has taken it, so that a sender that awaits it is as
 *   fast as the slowest member. A member that takes nothing for `waitTimeout` is cut off.
 */
export type SlowMemberPolicy = 'abort' | 'drop' | 'latest' | 'wait'

/** How groups treat members that read slowly. Sizes are bytes, times are milliseconds. */
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
    waitTimeout: reader.duration('waitTimeout', 'for ever', 30_000),
  }
}

function readPolicy(reader: OptionReader): SlowMemberPolicy {
  const value = reader.value('slowMembers') ?? 'abort'
  if (value === 'abort' || value === 'drop' || value === 'latest' || value === 'wait') return value
  throw reader.error('slowMembers', "must be 'abort', 'drop', 'latest' or 'wait'")
}
