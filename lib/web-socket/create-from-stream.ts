import { Duplex } from 'node:stream'
import { invalidArgument } from './arguments.ts'
import { checkSubProtocol } from './check-sub-protocol.ts'
import { OptionReader } from '../options/option-reader.ts'
import type { OptionOwner } from '../options/option-reader.ts'
import type { WebSocketCompression, WebSocketSettings } from './values/web-socket-settings.ts'
import type { WebSocketTransport } from './transport/web-socket-transport.ts'

/** The parameters of compression that both sides have agreed on. .NET's `WebSocketDeflateOptions`. */
export interface WebSocketDeflateOptions {
  /** Whether the client keeps its window from message to message. Default `true`. */
  readonly clientContextTakeover?: boolean
  /** The client's window: 9 to 15. Default 15. */
  readonly clientMaxWindowBits?: number
  /** zlib's level, -1 to 9. Default -1: zlib's own choice. */
  readonly compressionLevel?: number
  /** Messages shorter than this are not compressed. Bytes; default 0. */
  readonly compressionThreshold?: number
  /** Whether the server keeps its window from message to message. Default `true`. */
  readonly serverContextTakeover?: boolean
  /** The server's window: 9 to 15. Default 15. */
  readonly serverMaxWindowBits?: number
}

/** How a WebSocket is made over a stream. .NET's `WebSocketCreationOptions`. */
export interface WebSocketCreationOptions {
  /**
   * Milliseconds that the application may take to answer a Close frame of the peer, which is then answered with its own code. Default 500;
   * Infinity: for ever.
   */
  readonly closeAnswerTimeout?: number
  /** Milliseconds until an unanswered Close frame aborts the connection. Default 30,000. */
  readonly closeTimeout?: number
  /** Turns permessage-deflate on, with what was agreed in the handshake. Compressing secrets beside input of an attacker can leak them (CRIME). */
  readonly dangerousDeflateOptions?: WebSocketDeflateOptions
  /** Whether this is the server's side. Default `false`. */
  readonly isServer?: boolean
  /** Milliseconds between pings. Default 0: none. */
  readonly keepAliveInterval?: number
  /** Milliseconds until a peer that gives no sign of life after a ping is given up. Default Infinity: never. */
  readonly keepAliveTimeout?: number
  /** Bytes of memory that waiting sends, which nobody awaits, may take, some 500 for each included; one more aborts the connection. Default 64 MiB. */
  readonly maxBufferedAmount?: number
  /** The longest message that `for await` collects, and that compressed data may inflate to. Bytes; default 16 MiB. */
  readonly maxMessageSize?: number
  /** The sub-protocol that was agreed on. Default: none. */
  readonly subProtocol?: string | null
}

/** Checks stream and options, and makes the socket with `create`. */
export function createFromStream<Socket>(
  stream: unknown,
  options: WebSocketCreationOptions,
  create: (transport: WebSocketTransport, settings: WebSocketSettings) => Socket,
): Socket {
  if (!(stream instanceof Duplex)) throw invalidArgument('stream', 'must be a Duplex stream', stream)
  if (!stream.readable) throw invalidArgument('stream', 'must be readable', stream)
  if (!stream.writable) throw invalidArgument('stream', 'must be writable', stream)
  const settings = toSettings(options)
  return create({ duplex: stream, abort: () => stream.destroy(), end: () => stream.end() }, settings)
}

function toSettings(options: WebSocketCreationOptions): WebSocketSettings {
  const reader = new OptionReader(OWNER, options, OPTIONS)
  const { dangerousDeflateOptions } = options
  if (dangerousDeflateOptions !== undefined && (typeof dangerousDeflateOptions !== 'object' || dangerousDeflateOptions === null)) {
    throw reader.error('dangerousDeflateOptions', 'must be an object')
  }
  return {
    closeAnswerTimeout: reader.duration('closeAnswerTimeout', 'for ever', 500),
    closeTimeout: reader.duration('closeTimeout', 'for ever', 30_000),
    compression: dangerousDeflateOptions === undefined ? undefined : toCompression(dangerousDeflateOptions),
    isServer: reader.boolean('isServer', false),
    keepAliveInterval: reader.duration('keepAliveInterval', '0 or Infinity: no pings', 0),
    keepAliveTimeout: reader.duration('keepAliveTimeout', '0 or Infinity: for ever', Infinity),
    maxBufferedAmount: reader.limit('maxBufferedAmount', 1, 'bytes', 64 * 1024 * 1024),
    maxMessageSize: reader.limit('maxMessageSize', 1, 'bytes', 16 * 1024 * 1024),
    rateLimit: undefined,
    subProtocol: checkSubProtocol(options.subProtocol),
  }
}

function toCompression(options: WebSocketDeflateOptions): WebSocketCompression {
  const reader = new OptionReader(OWNER, options, DEFLATE_OPTIONS)
  return {
    clientContextTakeover: reader.boolean('clientContextTakeover', true),
    clientMaxWindowBits: reader.integer('clientMaxWindowBits', 9, 15, 15),
    level: reader.integer('compressionLevel', -1, 9, -1),
    serverContextTakeover: reader.boolean('serverContextTakeover', true),
    serverMaxWindowBits: reader.integer('serverMaxWindowBits', 9, 15, 15),
    threshold: reader.limit('compressionThreshold', 0, 'bytes', 0),
  }
}

const OWNER: OptionOwner = { name: 'createFromStream', code: 'ERR_WEBSOCKET_INVALID_OPTION' }

const OPTIONS = [
  'closeAnswerTimeout',
  'closeTimeout',
  'dangerousDeflateOptions',
  'isServer',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxBufferedAmount',
  'maxMessageSize',
  'subProtocol',
]

const DEFLATE_OPTIONS = [
  'clientContextTakeover',
  'clientMaxWindowBits',
  'compressionLevel',
  'compressionThreshold',
  'serverContextTakeover',
  'serverMaxWindowBits',
]
