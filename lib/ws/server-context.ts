import { EventEmitter } from 'node:events'
import type { PerMessageDeflateOptions, ServerOptions, WebSocketServer } from 'ws'
import type { WebSocketAcceptContext } from '../middleware/options/web-socket-accept-context.ts'
import { OptionReader } from '../options/option-reader.ts'
import { DEFAULT_SERVER_OPTIONS } from './ws-web-socket-internals.ts'

/**
 * Converts the options of a `WebSocketServer` into the context of each accept. Options with their default value are left out, because nothing shows
 * whether they were set. The handler reads `handleProtocols` and `clientTracking` itself.
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION` for an option that would have no effect.
 */
export function contextOfServer({ options }: WebSocketServer): WebSocketAcceptContext {
  const reader = new OptionReader(OWNER, options, Object.keys(options))
  for (const [name, remedy] of REMEDIES) {
    const value = options[name]
    if (name === 'WebSocket' ? isSubclass(value) : isGiven(name, value))
      throw reader.error(name, `of the WebSocketServer has no effect here: ${remedy}`)
  }
  const { closeTimeout, maxPayload, perMessageDeflate = false }: TimedServerOptions = options
  return {
    ...(maxPayload === DEFAULTS.maxPayload ? {} : { maxMessageSize: maxPayload === 0 ? Infinity : maxPayload }),
    ...(closeTimeout === DEFAULTS.closeTimeout ? {} : { closeTimeout }),
    ...(perMessageDeflate === false ? {} : readCompression(reader, perMessageDeflate === true ? {} : perMessageDeflate)),
  }
}

/** `ws` declares it since version 8.19. */
interface TimedServerOptions extends ServerOptions {
  readonly closeTimeout?: number | undefined
}

const OWNER = { name: 'webSocketServerHandler', code: 'ERR_WEBSOCKET_INVALID_OPTION' } as const
const DEFAULTS: Readonly<Record<string, unknown>> = { ...DEFAULT_SERVER_OPTIONS }

const REMEDIES: ReadonlyMap<keyof ServerOptions, string> = new Map<keyof ServerOptions, string>(
  Object.entries({
    verifyClient: 'check the client in a middleware before the handler, or use allowedOrigins of useWebSockets()',
    path: 'use the path of the route, as in app.all(path, webSocketServerHandler(...))',
    server: 'create the WebSocketServer with { noServer: true }',
    port: 'create the WebSocketServer with { noServer: true }',
    WebSocket: 'leave it out, the handler uses its own WebSocket class',
    allowSynchronousEvents: 'leave it out',
    autoPong: 'leave it out, pings are always answered',
    maxBufferedChunks: 'leave it out, the memory of kept data is limited instead',
    maxFragments: 'leave it out, the memory of kept data is limited instead',
    maxPendingAutoPongs: 'leave it out, the latest of many pings is answered',
    skipUTF8Validation: 'leave it out, text is always validated',
  }) as [keyof ServerOptions, string][],
)

/** A server of a newer copy of `ws` may have options whose defaults are not known here. They count as not set. */
function isGiven(name: string, value: unknown): boolean {
  return value !== undefined && value !== null && name in DEFAULTS && value !== DEFAULTS[name]
}

/** Whether a class extends the `WebSocket` of `ws`, including that of another copy. */
function isSubclass(value: unknown): boolean {
  return typeof value === 'function' && Object.getPrototypeOf(value) !== EventEmitter
}

function readCompression(reader: OptionReader, options: PerMessageDeflateOptions): WebSocketAcceptContext {
  const { serverMaxWindowBits, serverNoContextTakeover, threshold, zlibDeflateOptions = {}, ...others } = options
  const { level, ...otherZlibOptions } = zlibDeflateOptions
  const names = [...Object.keys(others), ...Object.keys(otherZlibOptions).map((name) => `zlibDeflateOptions.${name}`)]
  if (names.length > 0) {
    const known = 'threshold, serverMaxWindowBits, serverNoContextTakeover and zlibDeflateOptions.level'
    throw reader.error('perMessageDeflate', `of the WebSocketServer supports only ${known} here; leave out ${names.join(', ')}`)
  }
  return {
    dangerousEnableCompression: true,
    compressionThreshold: threshold ?? DEFAULT_THRESHOLD,
    compressionLevel: level,
    disableServerContextTakeover: serverNoContextTakeover === true,
    serverMaxWindowBits: typeof serverMaxWindowBits === 'number' ? serverMaxWindowBits : undefined,
  }
}

/** The default of `ws`, in bytes. */
const DEFAULT_THRESHOLD = 1024
