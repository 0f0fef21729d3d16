/** The part of a WebSocket that the client uses. Browsers, Node.js, Deno, Bun, undici and `ws` all have it. */
export interface PlainWebSocket {
  /** The client sets it to `'arraybuffer'`. */
  binaryType: string
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number
  /** The extensions in use, such as permessage-deflate; `''` if none. */
  readonly extensions: string
  /** The negotiated sub-protocol; `''` if none. */
  readonly protocol: string
  /** 1 if it is open. */
  readonly readyState: number
  /** The address of the connection. */
  readonly url: string
  /**
   * Listens to `open`, `message`, `error` and `close`.
   * @param type - the name of the event.
   * @param listener - called with the event.
   */
  addEventListener(type: string, listener: (event: PlainWebSocketEvent) => void): void
  /**
   * Closes it.
   * @param code - the close code.
   * @param reason - why.
   */
  close(code?: number, reason?: string): void
  /**
   * Sends a message.
   * @param data - text, or bytes.
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void
}

/** The data of a WebSocket event: `data` belongs to a message, the other members to a close. */
export interface PlainWebSocketEvent {
  /** The close code. */
  readonly code: number
  /** The message. */
  readonly data: string | ArrayBuffer
  /** The reason of the Close frame. */
  readonly reason: string
  /** Whether both sides have sent a Close frame. */
  readonly wasClean: boolean
}

/** The type of the option for a WebSocket class. */
export interface WebSocketClass {
  /** Begins to connect. */
  new (url: string, protocols: string[]): object
}

/** The type that the client uses for such a class. */
export type PlainWebSocketClass = new (url: string, protocols: readonly string[]) => PlainWebSocket

/** The globals that the client uses. Not all environments have all of them, and the types of Node.js 20 declare none of them. */
export interface RuntimeGlobals {
  /** In browsers, Deno, Bun, and Node.js from 22 on. */
  readonly WebSocket?: PlainWebSocketClass
  /** In pages and workers. */
  readonly location?: { readonly href: string }
  /** In pages, workers and Deno. Only pages and workers get events of the network. */
  addEventListener?(type: string, listener: () => void, options: { readonly signal: AbortSignal }): void
}

export const runtimeGlobals = globalThis as unknown as RuntimeGlobals
