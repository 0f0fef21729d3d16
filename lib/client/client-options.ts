import type { EndedConnection } from './comes-back.ts'
import { refusal } from './refusal.ts'
import { surroundings } from './surroundings.ts'
import type { PlainWebSocketClass, WebSocketClass } from './surroundings.ts'

/** How {@link connectWebSocket} behaves. Numbers can be from 0 to 1,000,000,000. */
export interface ReconnectingWebSocketOptions {
  /** The first attempt after a failure comes within so many milliseconds; the limit doubles with every failure. Default 1,000. */
  readonly baseDelay?: number
  /** That limit grows to so many milliseconds. A connection that was open for as long sets it back to `baseDelay`. Default 30,000. */
  readonly maxDelay?: number
  /** An attempt that takes longer than so many milliseconds, the function for the address included, has failed. Default 20,000. */
  readonly connectTimeout?: number
  /** How many messages wait while there is no connection; with 0, they are dropped. Default 100. */
  readonly maxQueuedMessages?: number
  /** How many bytes these may have together. Default 1,048,576. */
  readonly maxQueuedBytes?: number
  /**
   * Milliseconds between two messages that ask the server for a sign of life, because pages cannot send ping frames. After twice as long without any
   * message of the server, the connection is given up. Default 0: none.
   */
  readonly pingInterval?: number
  /** That message. Default `'ping'`. */
  readonly pingMessage?: string
  /** Recognises what the server answers to it, and what is therefore not handed on. Default `(data) => data === 'pong'`. */
  readonly isPong?: (data: string | ArrayBuffer) => boolean
  /** Decides whether to come back. `byDefault` is what the close code says; `attempt` counts the failures in a row, this one included. */
  readonly shouldReconnect?: (ended: EndedConnection, byDefault: boolean, attempt: number) => boolean
  /** Closes the client for good when it is aborted. */
  readonly signal?: AbortSignal
  /** The sub-protocols to offer, or a function that is asked at each attempt, e.g. for a token that expires. Default: none. */
  readonly subProtocols?: readonly string[] | (() => readonly string[] | Promise<readonly string[]>)
  /** The class of WebSockets to use, e.g. that of undici on Node.js 20. Default: the global one. */
  readonly WebSocket?: WebSocketClass
}

/** Options that were checked, with their defaults. */
export type ClientSettings = Required<Omit<ReconnectingWebSocketOptions, 'WebSocket'>> & { readonly WebSocket: PlainWebSocketClass }

/**
 * Checks the options and puts in the defaults; throws an error that names the option that cannot be used.
 * @param never - a signal that nobody else aborts, for who has none.
 */
export function readOptions(options: ReconnectingWebSocketOptions, never: AbortSignal): ClientSettings {
  const settings: Record<string, unknown> = {
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
    WebSocket: surroundings.WebSocket,
  }
  for (const [name, value = settings[name]] of Object.entries<unknown>({ WebSocket: undefined, ...options })) {
    const type = name === 'WebSocket' ? 'function' : typeof settings[name]
    if (type === 'undefined') throw refusal(name, 'omitted: unknown', value)
    // Objects and lists, which can also be functions, show what they are when they are used.
    const isOfType = type === 'object' || typeof value === type
    if (!isOfType || (typeof value === 'number' && !(value >= 0 && value <= 1e9)))
      throw refusal(name, `of type ${type}, numbers from 0 to 1e9`, value)
    settings[name] = value
  }
  // The loop has seen to each; what a class is like shows as well.
  return settings as unknown as ClientSettings
}
