import type { EndedConnection } from './ended-connection.ts'
import { refuse } from './refuse.ts'
import { runtimeGlobals } from './runtime-globals.ts'
import type { PlainWebSocketClass, WebSocketClass } from './runtime-globals.ts'

/** Options of {@link connectWebSocket}. Numbers can be from 0 to 1,000,000,000. */
export interface ReconnectingWebSocketOptions {
  /** The longest delay before the first attempt after a failure, in milliseconds. The limit doubles with every failure. Defaults to `1_000`. */
  readonly baseDelay?: number
  /** The upper bound of that limit, in milliseconds. A connection that was open this long resets it to `baseDelay`. Defaults to `30_000`. */
  readonly maxDelay?: number
  /** The longest time of an attempt, in milliseconds, including the functions for the address and the sub-protocols. Defaults to `20_000`. */
  readonly connectTimeout?: number
  /** How many messages may wait while there is no connection. With 0, they are dropped. Defaults to `100`. */
  readonly maxQueuedMessages?: number
  /** How many bytes the waiting messages may have in total. Defaults to `1_048_576`. */
  readonly maxQueuedBytes?: number
  /**
   * Milliseconds between two messages that ask the server for a sign of life, because pages cannot send ping frames. After twice this time without a
   * message of the server, the client abandons the connection. Defaults to `0`: no such messages.
   */
  readonly pingInterval?: number
  /** The message that asks for a sign of life. Defaults to `'ping'`. */
  readonly pingMessage?: string
  /** Recognises the server's answer to it, which is not passed to listeners. Defaults to `(data) => data === 'pong'`. */
  readonly isPong?: (data: string | ArrayBuffer) => boolean
  /** Decides whether to reconnect. `byDefault` is the decision by the close code; `attempt` counts the failures in a row, this one included. */
  readonly shouldReconnect?: (ended: EndedConnection, byDefault: boolean, attempt: number) => boolean
  /** Closes the client permanently when it is aborted. */
  readonly signal?: AbortSignal
  /** The sub-protocols to offer, or a function that is called for each attempt, e.g. for a token that expires. Defaults to none. */
  readonly subProtocols?: readonly string[] | (() => readonly string[] | Promise<readonly string[]>)
  /** The WebSocket class to use, e.g. that of undici on Node.js 20, which has none. Defaults to the global one. */
  readonly WebSocket?: WebSocketClass
}

/** Checked options, completed with the defaults. */
export type ClientSettings = Required<Omit<ReconnectingWebSocketOptions, 'WebSocket'>> & { readonly WebSocket: PlainWebSocketClass }

/**
 * Checks the options and adds the defaults. Throws an error that names the invalid option.
 * @param never - a signal that is never aborted, used as the default.
 */
export function readOptions(options: ReconnectingWebSocketOptions, never: AbortSignal): ClientSettings {
  if (Object(options) !== options) refuse('options', 'an object', options)
  const settings: Record<string, unknown> = {
    // Names that every object has, such as `toString`, are not options.
    __proto__: null,
    baseDelay: 1000,
    maxDelay: 30_000,
    connectTimeout: 20_000,
    maxQueuedMessages: 100,
    maxQueuedBytes: 1_048_576,
    pingInterval: 0,
    pingMessage: 'ping',
    isPong: (data: unknown) => data === 'pong',
    shouldReconnect: (_ended: EndedConnection, byDefault: boolean) => byDefault,
    signal: never,
    subProtocols: [],
    // Where there is no class, a function stands in for it, so that the type is known.
    WebSocket: runtimeGlobals.WebSocket ?? refuse,
  }
  for (const [name, value = settings[name]] of Object.entries(options as Record<string, unknown>)) {
    const type = typeof settings[name]
    if (type === 'undefined') refuse(name, 'a known option', value)
    // Objects and lists, which can also be functions, are checked when they are used.
    const isOfType = type === 'object' || typeof value === type
    if (!isOfType || (type === 'number' && !((value as number) >= 0 && (value as number) <= 1e9)))
      refuse(name, `a ${type === 'number' ? 'number from 0 to 1e9' : type}`, value)
    settings[name] = value
  }
  if (settings['WebSocket'] === refuse) refuse('WebSocket', 'given on Node.js 20', undefined)
  // The loop has checked each option. A class is checked when it is used.
  return settings as unknown as ClientSettings
}
