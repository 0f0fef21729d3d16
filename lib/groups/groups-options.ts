import type { Backplane } from './backplane.ts'
import { readSlowMemberOptions, SLOW_MEMBER_OPTION_NAMES } from './slow-member-options.ts'
import type { ResolvedSlowMemberOptions, SlowMemberPolicy } from './slow-member-options.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'
import { OptionReader } from '../options/option-reader.ts'
import { readRelayOptions, RELAY_OPTION_NAMES } from './relay-options.ts'
import type { ResolvedRelayOptions } from './relay-options.ts'

/** How groups work. Sizes are bytes, times are milliseconds. */
export interface WebSocketGroupsOptions {
  /** What becomes of messages for a member that reads too slowly. Defaults to `'abort'`: the client notices, comes back, and can ask for what it missed. */
  readonly slowMembers?: SlowMemberPolicy | undefined
  /**
   * How much may wait for one member, in memory. One message may exceed it, and so may the buffer of its connection. Defaults to `1_048_576`. At the
   * `maxBufferedAmount` of the socket itself, the socket aborts whatever this says.
   */
  readonly maxBufferedAmount?: number | undefined
  /** With `'wait'`: how long a member may take nothing before it is cut off. Defaults to `30_000`; `Infinity`: for ever. */
  readonly waitTimeout?: number | undefined
  /** What carries messages between the processes, such as a `RedisBackplane`. Without one, groups are those of this process. */
  readonly backplane?: Backplane | undefined
  /** The longest message that is given to the backplane, or taken from it, in bytes. Defaults to `1_048_576`. */
  readonly maxMessageSize?: number | undefined
  /**
   * Told of every message that was not published (`ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE`), and of every one that came and could not be understood
   * (`ERR_WEBSOCKET_BACKPLANE_MESSAGE`). Without it, the first one of each kind is a warning of the process.
   */
  readonly onError?: ((error: WebSocketException) => void) | undefined
  /**
   * With a backplane: whether the processes tell each other who is in their groups, for `presenceOf()`. Each tells it when it changes, and every
   * `presenceInterval`. Defaults to `false`.
   */
  readonly presence?: boolean | undefined
  /** Milliseconds. A process that has said nothing for three times as long counts as gone. Defaults to `10_000`. */
  readonly presenceInterval?: number | undefined
  /** Told the name of a group for which `presenceOf()` has another answer than before. */
  readonly onPresence?: ((name: string) => void) | undefined
}

/** The same, complete. */
export interface ResolvedGroupsOptions extends ResolvedSlowMemberOptions {
  readonly relay: ResolvedRelayOptions | undefined
  /** `undefined`: nobody wants to know. */
  readonly presenceInterval: number | undefined
  readonly onPresence: ((name: string) => void) | undefined
}

/**
 * @param owner - who takes the options, for the messages.
 * @param moreNames - options that are not read here.
 * @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export function resolveGroupsOptions(
  owner: string,
  options: WebSocketGroupsOptions,
  moreNames: readonly string[] = [],
): ResolvedGroupsOptions {
  const reader = new OptionReader({ name: owner, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, [...OPTION_NAMES, ...moreNames])
  const presenceInterval = reader.integer('presenceInterval', 1, 2_147_483_647, 10_000)
  const isPresenceWanted = reader.boolean('presence', false)
  if (options.onPresence !== undefined && typeof options.onPresence !== 'function') throw reader.error('onPresence', 'must be a function')
  return {
    ...readSlowMemberOptions(reader),
    relay: readRelayOptions(reader),
    presenceInterval: isPresenceWanted ? presenceInterval : undefined,
    onPresence: options.onPresence,
  }
}

const OPTION_NAMES: readonly string[] = [...SLOW_MEMBER_OPTION_NAMES, ...RELAY_OPTION_NAMES, 'onPresence', 'presence', 'presenceInterval']
