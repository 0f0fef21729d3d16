import { Duplex } from 'node:stream'
import { invalidArgument } from './arguments.ts'
import { checkBoolean, checkDuration, checkInteger, checkNames, checkSize, checkSubProtocol } from './option-checks.ts'
import type { WebSocketCompression, WebSocketSettings } from './web-socket-settings.ts'
import type { WebSocketTransport } from './web-socket-transport.ts'

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
  /** Milliseconds until an unanswered Close frame aborts the connection. Default 30,000. */
  readonly closeTimeout?: number
  /** Turns permessage-deflate on, with what was agreed in the handshake. Compressing secrets beside input of an attacker can leak them (CRIME). */
  readonly dangerousDeflateOptions?: WebSocketDeflateOptions
  /** Whether this is the server's side. Default `false`. */
  readonly isServer?: boolean
  /** Milliseconds between pings. Default 0: none. */
  readonly keepAliveInterval?: number
  /** Milliseconds until a peer that does not answer a ping is given up. Default Infinity: never. */
  readonly keepAliveTimeout?: number
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
  return create({ duplex: stream, head: [], abort: () => stream.destroy(), end: () => stream.end() }, settings)
}

function toSettings(options: WebSocketCreationOptions): WebSocketSettings {
  checkNames(options, OPTIONS)
  return {
    closeTimeout: checkDuration('closeTimeout', options.closeTimeout, 30_000),
    compression: options.dangerousDeflateOptions === undefined ? undefined : toCompression(options.dangerousDeflateOptions),
    isServer: checkBoolean('isServer', options.isServer, false),
    keepAliveInterval: checkDuration('keepAliveInterval', options.keepAliveInterval, 0),
    keepAliveTimeout: checkDuration('keepAliveTimeout', options.keepAliveTimeout, Infinity),
    maxMessageSize: checkSize('maxMessageSize', options.maxMessageSize, 16 * 1024 * 1024),
    onCompleted: undefined,
    subProtocol: checkSubProtocol('subProtocol', options.subProtocol),
  }
}

function toCompression(options: WebSocketDeflateOptions): WebSocketCompression {
  checkNames(options, DEFLATE_OPTIONS)
  return {
    clientContextTakeover: checkBoolean('clientContextTakeover', options.clientContextTakeover, true),
    clientMaxWindowBits: checkInteger('clientMaxWindowBits', options.clientMaxWindowBits, [9, 15], 15),
    level: checkInteger('compressionLevel', options.compressionLevel, [-1, 9], -1),
    serverContextTakeover: checkBoolean('serverContextTakeover', options.serverContextTakeover, true),
    serverMaxWindowBits: checkInteger('serverMaxWindowBits', options.serverMaxWindowBits, [9, 15], 15),
    threshold: checkInteger('compressionThreshold', options.compressionThreshold, [0, Number.MAX_SAFE_INTEGER], 0),
  }
}

const OPTIONS = [
  'closeTimeout',
  'dangerousDeflateOptions',
  'isServer',
  'keepAliveInterval',
  'keepAliveTimeout',
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
