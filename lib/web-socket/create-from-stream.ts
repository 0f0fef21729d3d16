import { Duplex } from 'node:stream'
import { invalidArgument } from './arguments.ts'
import { checkSubProtocol } from './check-sub-protocol.ts'
import { OptionReader } from '../options/option-reader.ts'
import type { OptionOwner } from '../options/option-reader.ts'
import type { WebSocketCompression, WebSocketSettings } from './values/web-socket-settings.ts'
import type { WebSocketTransport } from './transport/web-socket-transport.ts'

/** The negotiated parameters of compression (.NET's `WebSocketDeflateOptions`). */
export interface WebSocketDeflateOptions {
  /** Whether the client keeps its window between messages. Defaults to `true`. */
  readonly clientContextTakeover?: boolean
  /** The window bits of the client: 9 to 15. Defaults to `15`. */
  readonly clientMaxWindowBits?: number
  /** The compression level of zlib, -1 to 9. Defaults to `-1`: zlib's own default. */
  readonly compressionLevel?: number
  /** Messages shorter than this number of bytes are not compressed. Defaults to `0`. */
  readonly compressionThreshold?: number
  /** Whether the server keeps its window between messages. Defaults to `true`. */
  readonly serverContextTakeover?: boolean
  /** The window bits of the server: 9 to 15. Defaults to `15`. */
  readonly serverMaxWindowBits?: number
}

/** Options of a WebSocket over a stream (.NET's `WebSocketCreationOptions`). */
export interface WebSocketCreationOptions {
  /**
   * Milliseconds that the application may take to answer the peer's Close frame. After that time, the package answers with the same code.
   * `Infinity` means no limit. Defaults to `500`.
   */
  readonly closeAnswerTimeout?: number
  /**
   * Milliseconds that a closing or disposed socket waits for its peer before it aborts the connection. `Infinity` means no limit. Defaults to
   * `30_000`.
   */
  readonly closeTimeout?: number
  /**
   * Enables permessage-deflate with the negotiated parameters. Secrets that are compressed together with data of an attacker can leak (CRIME). Defaults
   * to no compression.
   */
  readonly dangerousDeflateOptions?: WebSocketDeflateOptions
  /** Whether this side is the server. Defaults to `false`. */
  readonly isServer?: boolean
  /** Milliseconds between pings. `0` and `Infinity` mean no pings. Defaults to `0`. */
  readonly keepAliveInterval?: number
  /**
   * Milliseconds that a peer may give no sign of life after a ping before the connection is aborted. `0` and `Infinity` mean no limit. Defaults to
   * `Infinity`.
   */
  readonly keepAliveTimeout?: number
  /**
   * The maximum memory, in bytes, of the sends that wait for a slow peer. Each send counts some 500 bytes besides its data. A further send that would
   * exceed the limit aborts the connection with `ERR_WEBSOCKET_TOO_SLOW`. Defaults to `67_108_864` (64 MiB).
   */
  readonly maxBufferedAmount?: number
  /** The longest message that `for await` receives, and the limit for inflated messages, in bytes. Defaults to `16_777_216` (16 MiB). */
  readonly maxMessageSize?: number
  /** The negotiated sub-protocol. Defaults to none. */
  readonly subProtocol?: string | null
}

/** Checks the stream and the options, and creates the socket with `create`. */
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
  const dangerousDeflateOptions = reader.value('dangerousDeflateOptions')
  if (dangerousDeflateOptions !== undefined && (typeof dangerousDeflateOptions !== 'object' || dangerousDeflateOptions === null)) {
    throw reader.error('dangerousDeflateOptions', 'must be an object')
  }
  return {
    closeAnswerTimeout: reader.duration('closeAnswerTimeout', 'no limit', 500),
    closeTimeout: reader.duration('closeTimeout', 'no limit', 30_000),
    compression: dangerousDeflateOptions === undefined ? undefined : toCompression(dangerousDeflateOptions),
    isServer: reader.boolean('isServer', false),
    keepAliveInterval: reader.duration('keepAliveInterval', '0 or Infinity: no pings', 0),
    keepAliveTimeout: reader.duration('keepAliveTimeout', '0 or Infinity: no limit', Infinity),
    maxBufferedAmount: reader.limit('maxBufferedAmount', 1, 'bytes', 64 * 1024 * 1024),
    maxMessageSize: reader.limit('maxMessageSize', 1, 'bytes', 16 * 1024 * 1024),
    rateLimit: undefined,
    subProtocol: checkSubProtocol(reader.value('subProtocol')),
  }
}

function toCompression(options: object): WebSocketCompression {
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
