import type { Duplex, Writable } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { WebSocketSettings } from '../web-socket/values/web-socket-settings.ts'
import { createPerMessageDeflate, toDeflateParams } from './per-message-deflate-internals.ts'
import type { PerMessageDeflate } from './per-message-deflate-internals.ts'

/*
 * What this package uses of the `WebSocket` and `WebSocketServer` of `ws` beyond their documented interface: what `WebSocketServer` does
 * itself when it has written its 101. `spec/ws/ws-web-socket-internals.spec.ts` is the contract test, at both ends of the supported range.
 */

/** The class, with the constructor that `WebSocketServer` calls. Its third argument are the options of the server. */
export const ServerWebSocket = WebSocket as unknown as new (address: null, protocols: undefined, options: object) => WebSocket

/** What `WebSocketServer` has for options that it was not given. */
export const DEFAULT_SERVER_OPTIONS = new WebSocketServer({ noServer: true }).options

/** The options of `WebSocketServer`, its defaults included, with those that a socket of ours has instead. It answers pings itself. */
export function serverOptions({ closeTimeout, maxMessageSize }: Pick<WebSocketSettings, 'closeTimeout' | 'maxMessageSize'>): object {
  return {
    ...DEFAULT_SERVER_OPTIONS,
    autoPong: false,
    closeTimeout: Math.min(closeTimeout, MAX_INT),
    maxPayload: Math.min(maxMessageSize, MAX_INT),
  }
}

/** Gives an unconnected socket its connection, whose opening handshake is done. */
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

/** What reads the frames of a connected socket. */
export function receiverOf(webSocket: WebSocket): WsReceiver {
  return (webSocket as unknown as WebSocketInternals)._receiver
}

/** A stream that is written to what arrives, emits the messages in it, and calls back when it needs more. */
export interface WsReceiver extends Writable {
  /** The bytes that are not read yet, for want of the rest of a frame, or since the loop was stopped. */
  readonly _buffers: Buffer[]
  /** The frames that came of a message, while its last has not. */
  readonly _fragments: Buffer[]
  /** Whether it goes on behind the message that it emits at present. Set while it does so. */
  _loop: boolean
  /** Reads what there is. It is called for each chunk, and to go on behind what was inflated. */
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

/** Counts a socket among the clients of a server, until it has closed. A server that is being closed waits for the last. */
export function trackClient(server: WebSocketServer, webSocket: WebSocket): void {
  // `clientTracking: false`
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
 * When the peer has ended its side, `ws` ends ours at once, though its receiver may still inflate what came before: the answers to that, and our
 * Close frame, would be lost. Browsers end their side of an HTTP/2 stream together with their Close frame. So `listener`, which does that, is
 * only called if no Close frame was in what came before.
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
  /** `RUNNING`, closing, `CLOSED`. */
  _state: number
  /** Whether its `'close'` waits for the last client. */
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

/** `ws` takes its limits as integers of 32 bits, and timers take no more. */
const MAX_INT = 2 ** 31 - 1
