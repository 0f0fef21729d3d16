import type { EndedConnection } from './ended-connection.ts'
import type { SendableData } from './sendable-data.ts'
import type { PlainWebSocket } from './runtime-globals.ts'

/**
 * The state of a {@link ReconnectingWebSocket}: it has a connection (`'open'`), tries to connect (`'connecting'`), waits before the next attempt
 * (`'waiting'`), is closing permanently (`'closing'`), or has closed permanently (`'closed'`).
 */
export type ReconnectingWebSocketState = 'connecting' | 'open' | 'waiting' | 'closing' | 'closed'

/** A message of the server. */
export interface WebSocketMessageEvent extends Event {
  /** Text, or bytes. */
  readonly data: string | ArrayBuffer
}

/** The end of a connection or of an attempt. */
export interface WebSocketCloseEvent extends Event, EndedConnection {
  /** The number of attempts in a row that failed or led to a short connection, this one included. */
  readonly attempt: number
  /** Milliseconds until the next attempt; `null` if there will be none. */
  readonly retryDelay: number | null
}

/** The events of a {@link ReconnectingWebSocket}. */
export interface ReconnectingWebSocketEvents {
  /** A connection is open. Messages that a listener sends go before the waiting ones. */
  readonly open: Event
  /** The server has sent a message. */
  readonly message: WebSocketMessageEvent
  /** A connection or an attempt has ended. It is the last one if `retryDelay` is `null`. */
  readonly close: WebSocketCloseEvent
}

/** A WebSocket that reconnects: see {@link connectWebSocket}. */
export interface ReconnectingWebSocket extends EventTarget, AsyncIterable<string | ArrayBuffer> {
  /** The state of the client. */
  readonly state: ReconnectingWebSocketState
  /** The WebSocket of the current attempt or connection, for its `protocol`, `extensions` and `bufferedAmount`; `undefined` if there is none. */
  readonly socket: PlainWebSocket | undefined
  /** Resolves with the last `close` event, whose `retryDelay` is `null`. It never rejects. */
  readonly completion: Promise<WebSocketCloseEvent>

  /**
   * Sends a message, or keeps it until there is a connection.
   * @param data - text, or bytes, which the caller may overwrite after the call.
   * @returns `true` if the message was sent or waits; `false` if it was dropped because too much data waits or `close()` was called.
   * @throws `TypeError` with the `code` `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  send(data: SendableData): boolean

  /**
   * Sends a message at the start of every connection, including the current one, before any other message.
   * @param data - text or bytes, e.g. a request to subscribe.
   * @returns a function that stops this for later connections.
   * @throws `TypeError` with the `code` `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  subscribe(data: SendableData): () => void

  /** Connects immediately. It replaces the wait, the current attempt or the current connection. After `close()` it has no effect. */
  reconnect(): void

  /**
   * Closes permanently. Waiting messages are dropped; messages that were sent still leave.
   * @param code - 1000, or 3000 to 4999. Defaults to 1000.
   * @param reason - at most 123 bytes of UTF-8. Defaults to `''`.
   * @throws `DOMException`, as a WebSocket does, for another code or a longer reason while there is a connection. The connection then stays open.
   */
  close(code?: number, reason?: string): void

  /** Iterates over the messages that arrive from now on, until the client has closed. While the loop is busy, messages wait in memory. */
  [Symbol.asyncIterator](): AsyncGenerator<string | ArrayBuffer, void, void>

  /**
   * Listens to an event.
   * @param type - the name of the event.
   * @param listener - called with the event.
   * @param options - the options of `EventTarget`.
   */
  addEventListener<Type extends keyof ReconnectingWebSocketEvents>(
    type: Type,
    listener: (event: ReconnectingWebSocketEvents[Type]) => void,
    options?: boolean | { readonly capture?: boolean; readonly once?: boolean; readonly passive?: boolean; readonly signal?: AbortSignal },
  ): void

  /**
   * Removes a listener.
   * @param type - the name of the event.
   * @param listener - the listener to remove.
   * @param options - the options that it was added with.
   */
  removeEventListener<Type extends keyof ReconnectingWebSocketEvents>(
    type: Type,
    listener: (event: ReconnectingWebSocketEvents[Type]) => void,
    options?: boolean | { readonly capture?: boolean },
  ): void
}
