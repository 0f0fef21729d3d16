import type { Backplane } from './backplane.ts'
import { readSlowMemberOptions, SLOW_MEMBER_OPTION_NAMES } from './slow-member-options.ts'
import type { ResolvedSlowMemberOptions, SlowMemberPolicy } from './slow-member-options.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'
import { OptionReader } from '../options/option-reader.ts'
import { readRelayOptions, RELAY_OPTION_NAMES } from './relay-options.ts'
import type { ResolvedRelayOptions } from './relay-options.ts'

/** Options of groups. Sizes are bytes, times are milliseconds. */
export interface WebSocketGroupsOptions {
  /** The policy for members that read too slowly. Defaults to `'abort'`: the client notices, reconnects, and can ask for the messages it missed. */
  readonly slowMembers?: SlowMemberPolicy | undefined
  /**
   * How many bytes of memory the waiting messages of one member may take. A single message may exceed it, and so may the buffer of its connection.
   * Regardless of this option, the socket aborts at its own `maxBufferedAmount`. Defaults to `1_048_576`.
   */
  readonly maxBufferedAmount?: number | undefined
  /** With `'wait'`: how long a member may take nothing before it is aborted; `Infinity` means no limit. Defaults to `30_000`. */
  readonly waitTimeout?: number | undefined
  /** Carries messages between processes, e.g. a `RedisBackplane`. Without a backplane, groups exist only in this process. */
  readonly backplane?: Backplane | undefined
  /** The longest message that the backplane may send or receive, in bytes. Defaults to `1_048_576`. */
  readonly maxMessageSize?: number | undefined
  /**
   * Called for every message that was not published (`ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE`), and for every received message that is not valid
   * (`ERR_WEBSOCKET_BACKPLANE_MESSAGE`). Without it, the first error of each kind is emitted as a process warning.
   */
  readonly onError?: ((error: WebSocketException) => void) | undefined
  /**
   * With a backplane: whether the processes announce the members of their groups to each other, for `presenceOf()`. Each process does so when the
   * members change and every `presenceInterval`. Defaults to `false`.
   */
  readonly presence?: boolean | undefined
  /** The time between two announcements. A process without an announcement for three times as long counts as gone. Defaults to `10_000`. */
  readonly presenceInterval?: number | undefined
  /** Called with the name of a group when the result of `presenceOf()` has changed for it. */
  readonly onPresence?: ((name: string) => void) | undefined
}

/** The same options, completed with the defaults. */
export interface ResolvedGroupsOptions extends ResolvedSlowMemberOptions {
  readonly relay: ResolvedRelayOptions | undefined
  /** `undefined` if presence is off. */
  readonly presenceInterval: number | undefined
  readonly onPresence: ((name: string) => void) | undefined
}

/**
 * @param owner - the class that takes the options, for error messages.
 * @param moreNames - known options that {@link resolveGroupsOptions} does not read.
 * @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export function groupsOptionReader(owner: string, options: WebSocketGroupsOptions, moreNames: readonly string[] = []): OptionReader {
  return new OptionReader({ name: owner, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, [...OPTION_NAMES, ...moreNames])
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`. */
export function resolveGroupsOptions(reader: OptionReader): ResolvedGroupsOptions {
  const presenceInterval = reader.integer('presenceInterval', 1, 2_147_483_647, 10_000)
  const isPresenceWanted = reader.boolean('presence', false)
  const onPresence = reader.value('onPresence')
  if (onPresence !== undefined && !isPresenceListener(onPresence)) throw reader.error('onPresence', 'must be a function')
  return {
    ...readSlowMemberOptions(reader),
    relay: readRelayOptions(reader),
    presenceInterval: isPresenceWanted ? presenceInterval : undefined,
    onPresence,
  }
}

function isPresenceListener(value: unknown): value is (name: string) => void {
  return typeof value === 'function'
}

const OPTION_NAMES: readonly string[] = [...SLOW_MEMBER_OPTION_NAMES, ...RELAY_OPTION_NAMES, 'onPresence', 'presence', 'presenceInterval']
