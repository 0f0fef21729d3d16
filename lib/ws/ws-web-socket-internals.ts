import type { Duplex, Writable } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { WebSocketSettings } from '../web-socket/values/web-socket-settings.ts'
import { createPerMessageDeflate, toDeflateParams } from './per-message-deflate-internals.ts'
import type { PerMessageDeflate } from './per-message-deflate-internals.ts'

/*
 * The undocumented parts of `WebSocket` and `WebSocketServer` of `ws` that this package uses. They do what `WebSocketServer` does after it has
 * written its 101. `spec/ws/ws-web-socket-internals.spec.ts` is the contract test, at both ends of the supported range.
 */

/** The class, with the constructor that `WebSocketServer` calls. The third argument contains the options of the server. */
export const ServerWebSocket = WebSocket as unknown as new (address: null, protocols: undefined, options: object) => WebSocket

/** The defaults of `WebSocketServer`. */
export const DEFAULT_SERVER_OPTIONS = new WebSocketServer({ noServer: true }).options

/** The options for a socket: the defaults of `WebSocketServer`, with the settings of this package. The socket answers pings itself. */
export function serverOptions({ closeTimeout, maxMessageSize }: Pick<WebSocketSettings, 'closeTimeout' | 'maxMessageSize'>): object {
  return {
    ...DEFAULT_SERVER_OPTIONS,
    autoPong: false,
    closeTimeout: Math.min(closeTimeout, MAX_INT),
    maxPayload: Math.min(maxMessageSize, MAX_INT),
  }
}

/** Connects a socket to a stream whose opening handshake is done. */
export function connectWebSocket(
  webSocket: WebSocket,
  stream: Duplex,
  head: readonly Uint8Array[],
  settings: Pick<WebSocketSettings, 'closeTimeout' | 'compression' | 'maxMessageSize' | 'subProtocol'>,
): void {
  const internals = webSocket as unknown as WebSocketInternals
  const { compression, subProtocol } = settings
  if (subProtocol !== null) internals._protocol = subProtocol
  if (compression !== undefined) internals._extensions = { 'permessage-deflate': createDeflate(compression, settings.maxMessageSize) }
  const others = stream.listeners('end')
  internals.setSocket(stream, Buffer.concat(head), serverOptions(settings))
  for (const listener of stream.listeners('end')) if (!others.includes(listener)) endReceiverFirst(webSocket, stream, listener)
}

/** The receiver of a connected socket, which parses the frames. */
export function receiverOf(webSocket: WebSocket): WsReceiver {
  return (webSocket as unknown as WebSocketInternals)._receiver
}

/** A stream that parses the written chunks, emits the messages in them, and calls back when it needs more data. */
export interface WsReceiver extends Writable {
  /** The bytes that are not parsed yet, because the rest of a frame is missing or the loop was stopped. */
  readonly _buffers: Buffer[]
  /** The received frames of an unfinished message. */
  readonly _fragments: Buffer[]
  /** Whether it continues after the message that it is emitting. Setting it to `false` stops it there. */
  _loop: boolean
  /** Parses the available data. Called for each chunk, and to continue after inflating. */
  startLoop: (callback: ReceiverCallback) => void
}

export type ReceiverCallback = (error?: Error | null) => void

/** Whether the peer's Close frame was received. */
export function isCloseReceived(webSocket: WebSocket): boolean {
  return (webSocket as unknown as WebSocketInternals)._closeFrameReceived
}

/** Whether our Close frame has left. */
export function isCloseSent(webSocket: WebSocket): boolean {
  return (webSocket as unknown as WebSocketInternals)._closeFrameSent
}

/** Adds a socket to the clients of a server until it has closed. A server that is closing waits for its last client. */
export function trackClient(server: WebSocketServer, webSocket: WebSocket): void {
  // With `clientTracking: false`, the server has no list of clients.
  if (server.clients === undefined) return
  server.clients.add(webSocket)
  webSocket.on('close', () => {
    server.clients.delete(webSocket)
    const internals = server as unknown as WebSocketServerInternals
    if (!internals._shouldEmitClose || server.clients.size > 0) return
    process.nextTick(() => {
      internals._state = CLOSED
      server.emit('close')
    })
  })
}

/** Whether `close()` of a server was called. */
export function isClosing(server: WebSocketServer): boolean {
  return (server as unknown as WebSocketServerInternals)._state > RUNNING
}

/**
 * When the peer has ended its side, `ws` ends ours at once, even if its receiver still inflates earlier data. Answers to that data and our Close
 * frame would be lost. Browsers end their side of an HTTP/2 stream together with their Close frame. So this calls `listener`, which ends our side,
 * only if no Close frame was in the earlier data.
 */
function endReceiverFirst(webSocket: WebSocket, stream: Duplex, listener: Function): void {
  stream.removeListener('end', listener as () => void)
  stream.on('end', () => {
    receiverOf(webSocket).end(() => {
      if (!isCloseReceived(webSocket) && !stream.destroyed) listener.call(stream)
    })
  })
}

interface WebSocketInternals {
  _protocol: string
  _extensions: Record<string, PerMessageDeflate>
  readonly _closeFrameReceived: boolean
  readonly _closeFrameSent: boolean
  readonly _receiver: WsReceiver
  setSocket(socket: Duplex, head: Buffer, options: object): void
}

interface WebSocketServerInternals {
  /** `RUNNING`, closing (1) or `CLOSED`. */
  _state: number
  /** Whether the server waits for its last client to emit `'close'`. */
  readonly _shouldEmitClose: boolean
}

function createDeflate(compression: NonNullable<WebSocketSettings['compression']>, maxMessageSize: number): PerMessageDeflate {
  const { threshold, level } = compression
  return createPerMessageDeflate(
    { isServer: true, maxPayload: Math.min(maxMessageSize, MAX_INT), threshold, zlibDeflateOptions: { level } },
    toDeflateParams(compression),
  )
}

const RUNNING = 0
const CLOSED = 2

/** The limits of `ws` are integers of 32 bits, and so are the delays of timers. */
const MAX_INT = 2 ** 31 - 1
