import { OptionReader } from '../../options/option-reader.ts'
import { toCloseFrame } from '../../web-socket/arguments.ts'
import { WebSocketCloseStatus } from '../../web-socket/values/web-socket-close-status.ts'

/** Options for closing the WebSockets of a middleware. Times are milliseconds. */
export interface WebSocketDrainOptions {
  /** The code of the Close frames. Defaults to `1001` ("going away"), and for `closeWhereAsync()` to `1008` ("policy violation"). */
  readonly closeStatus?: number | undefined
  /** The reason in the Close frames. Defaults to `''`. */
  readonly closeStatusDescription?: string | undefined
  /**
   * Whether to discard messages that the handler has not received when the call begins, and all later ones. Handlers then receive only the Close
   * frame. Use it for clients that may not act any more, e.g. after their token was revoked. Defaults to `false`: handlers receive what a client
   * sends before its Close frame.
   */
  readonly discardIncoming?: boolean | undefined
  /** The time over which the Close frames are spread, so that the clients do not all reconnect at once. Defaults to `0`. */
  readonly spread?: number | undefined
  /** The time after which the remaining WebSockets are aborted; `Infinity` means never. Defaults to `30_000`. */
  readonly timeout?: number | undefined
}

/** Complete options for closing the WebSockets of a middleware. */
export interface DrainPlan {
  readonly closeStatus: number
  readonly closeStatusDescription: string
  /** Whether the application receives no more data. */
  readonly discardIncoming: boolean
  /** Milliseconds until the remaining sockets are aborted. */
  readonly timeout: number
  /** Milliseconds over which the Close frames are spread. */
  readonly spread: number
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_OPTION`, or `ERR_WEBSOCKET_INVALID_ARGUMENT` for an invalid code or reason. */
export function resolveDrainOptions(
  options: WebSocketDrainOptions | undefined,
  name = 'closeAsync',
  defaultStatus: number = WebSocketCloseStatus.EndpointUnavailable,
): DrainPlan {
  if (options === undefined) return resolveDrainOptions({}, name, defaultStatus)
  const reader = new OptionReader({ name, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, OPTION_NAMES)
  const { status, description } = toCloseFrame(
    reader.value('closeStatus') ?? defaultStatus,
    reader.value('closeStatusDescription'),
    'closeStatusDescription',
  )
  return {
    closeStatus: status,
    closeStatusDescription: description,
    discardIncoming: reader.boolean('discardIncoming', false),
    spread: reader.integer('spread', 0, 2_147_483_647, 0),
    timeout: reader.duration('timeout', 'never', 30_000),
  }
}

const OPTION_NAMES: readonly (keyof WebSocketDrainOptions)[] = [
  'closeStatus',
  'closeStatusDescription',
  'discardIncoming',
  'spread',
  'timeout',
]
