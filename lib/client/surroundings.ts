/** The part of a WebSocket that the client uses: browsers, Node.js, Deno, Bun, undici and `ws` all have it. */
export interface PlainWebSocket {
  /** The client sets it to `'arraybuffer'`. */
  binaryType: string
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number
  /** The extensions in use, such as permessage-deflate; `''` if none. */
  readonly extensions: string
  /** The sub-protocol that the server has chosen; `''` if none. */
  readonly protocol: string
  /** 1 if it is open. */
  readonly readyState: number
  /** Where it is connected to. */
  readonly url: string
  /**
   * Listens to `open`, `message`, `error` and `close`.
   * @param type - the name of the event.
   * @param listener - is called with it.
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

/** What the events of a WebSocket carry: `data` that of a message, the others that of a close. */
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

/** What can be given as a class of WebSockets. */
export interface WebSocketClass {
  /** Begins to connect. */
  new (url: string, protocols: string[]): object
}

/** What such a class is taken for. */
export type PlainWebSocketClass = new (url: string, protocols: readonly string[]) => PlainWebSocket

/** What the client finds where it runs. Not all places have all of it, and the types of Node.js 20 know none of it. */
export interface Surroundings {
  /** In browsers, Deno, Bun, and Node.js from 22 on. */
  readonly WebSocket?: PlainWebSocketClass
  /** In pages and workers. */
  readonly location?: { readonly href: string }
  /** In pages, workers and Deno. Only the first two hear of the network. */
  addEventListener?(type: string, listener: () => void, options: { readonly signal: AbortSignal }): void
}

export const surroundings = globalThis as unknown as Surroundings
