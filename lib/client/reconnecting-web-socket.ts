import type { EndedConnection } from './comes-back.ts'
import type { SendableData } from './sendable-data.ts'
import type { PlainWebSocket } from './surroundings.ts'

/**
 * What a {@link ReconnectingWebSocket} is doing: there is a connection (`'open'`), there is an attempt (`'connecting'`) or a pause before the next one
 * (`'waiting'`), or it is on its way to its end (`'closing'`) or has reached it (`'closed'`).
 */
export type ReconnectingWebSocketState = 'connecting' | 'open' | 'waiting' | 'closing' | 'closed'

/** A message of the server. */
export interface WebSocketMessageEvent extends Event {
  /** Text, or bytes. */
  readonly data: string | ArrayBuffer
}

/** The end of a connection, or of an attempt. */
export interface WebSocketCloseEvent extends Event, EndedConnection {
  /** How many attempts have failed in a row, or led to a connection that did not last; this one included. */
  readonly attempt: number
  /** Milliseconds until the next attempt; `null` if there will be none. */
  readonly retryDelay: number | null
}

/** The events of a {@link ReconnectingWebSocket}. */
export interface ReconnectingWebSocketEvents {
  /** There is a connection. What a listener sends goes before what has waited. */
  readonly open: Event
  /** The server has sent a message. */
  readonly message: WebSocketMessageEvent
  /** A connection or an attempt has ended: for good if `retryDelay` is `null`. */
  readonly close: WebSocketCloseEvent
}

/** A WebSocket that comes back: see {@link connectWebSocket}. */
export interface ReconnectingWebSocket extends EventTarget, AsyncIterable<string | ArrayBuffer> {
  /** What it is doing. */
  readonly state: ReconnectingWebSocketState
  /** The WebSocket of the present attempt or connection, for its `protocol`, `extensions` and `bufferedAmount`; `undefined` if there is none. */
  readonly socket: PlainWebSocket | undefined
  /** The last `close` event, once there is one whose `retryDelay` is `null`. It never rejects. */
  readonly completion: Promise<WebSocketCloseEvent>

  /**
   * Sends a message, or lets it wait for a connection.
   * @param data - text, or bytes, which may be written over after the call.
   * @returns whether it was sent or waits; `false` if it was dropped, because too much waits or `close()` was called.
   * @throws `TypeError` with the `code` `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  send(data: SendableData): boolean

  /**
   * Sends a message at every connection, the present one included, before anything else.
   * @param data - text, or bytes: asks the server for something.
   * @returns a function that ends this: later connections are without it.
   * @throws `TypeError` with the `code` `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  subscribe(data: SendableData): () => void

  /** Connects now: instead of waiting, of going on with an attempt, or of keeping the connection. After `close()` it has no effect. */
  reconnect(): void

  /**
   * Closes for good. What waits is dropped; what was sent still goes out.
   * @param code - 1000, or 3000 to 4999. Default 1000.
   * @param reason - at most 123 bytes of UTF-8. Default `''`.
   * @throws `DOMException`, as a WebSocket does, for another code or a longer reason when there is a connection, which then goes on.
   */
  close(code?: number, reason?: string): void

  /** The messages from now on; ends when it is closed. What arrives while the loop is busy waits in memory. */
  [Symbol.asyncIterator](): AsyncGenerator<string | ArrayBuffer, void, void>

  /**
   * Listens to an event.
   * @param type - its name.
   * @param listener - is called with it.
   * @param options - those of every EventTarget.
   */
  addEventListener<Type extends keyof ReconnectingWebSocketEvents>(
    type: Type,
    listener: (event: ReconnectingWebSocketEvents[Type]) => void,
    options?: boolean | { readonly capture?: boolean; readonly once?: boolean; readonly passive?: boolean; readonly signal?: AbortSignal },
  ): void

  /**
   * Listens no more.
   * @param type - the name of the event.
   * @param listener - what was called with it.
   * @param options - those that it was added with.
   */
  removeEventListener<Type extends keyof ReconnectingWebSocketEvents>(
    type: Type,
    listener: (event: ReconnectingWebSocketEvents[Type]) => void,
    options?: boolean | { readonly capture?: boolean },
  ): void
}
