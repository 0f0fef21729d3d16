import { checkKey } from './check-key.ts'
import { checkVersion, WEB_SOCKET_VERSION } from './check-version.ts'
import { splitHeaderList } from './header-list.ts'
import { headerLines } from './header-lines.ts'
import { quoted } from './quoted.ts'

/** The parts of an HTTP/1 request that are checked. */
export interface UpgradeRequest {
  readonly method?: string | undefined
  /** `'1.1'`, as `IncomingMessage.httpVersion`. */
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** The result for an HTTP/1 request. */
export interface UpgradeRecognition {
  readonly isWebSocketRequest: boolean
  /** Why a malformed WebSocket request is not valid; `undefined` for a valid one and for every other request. */
  readonly refusal: string | undefined
  /** The key of the handshake, if this is a WebSocket request. */
  readonly key: string | undefined
  /** The canonical values of the header fields that matched and have one item, by lower-case name: `Upgrade: "WebSocket"` becomes `websocket`. */
  readonly canonicalHeaders: Readonly<Record<string, string>>
}

/**
 * Tells whether an HTTP/1 request asks for a WebSocket (RFC 6455, section 4.2.1, with the list syntax that ASP.NET Core accepts). A request
 * that a proxy could interpret differently is refused: HTTP/1.0, several `Host` fields, repeated fields of the handshake, a body.
 */
export function recogniseUpgrade({ method, httpVersion, rawHeaders }: UpgradeRequest): UpgradeRecognition {
  const lines = handshakeLines(rawHeaders)
  const canonicalHeaders: Record<string, string> = {}
  const isAttempt = lines.key.length > 0 || lines.version.length > 0 || includesToken(lines.upgrade, 'websocket')
  if (!isAttempt) return { isWebSocketRequest: false, refusal: undefined, key: undefined, canonicalHeaders }
  const refusal =
    checkRequestHead(method, httpVersion, lines) ??
    checkVersion(lines.version) ??
    canonicalise(canonicalHeaders, 'sec-websocket-version', lines.version, WEB_SOCKET_VERSION) ??
    checkToken('Upgrade', lines.upgrade, 'websocket') ??
    canonicalise(canonicalHeaders, 'upgrade', lines.upgrade, 'websocket') ??
    checkConnection(lines.connection) ??
    canonicalise(canonicalHeaders, 'connection', lines.connection, 'Upgrade') ??
    checkKey(lines.key)
  const isWebSocketRequest = refusal === undefined
  return { isWebSocketRequest, refusal, key: isWebSocketRequest ? lines.key[0] : undefined, canonicalHeaders }
}

type HandshakeLines = ReturnType<typeof handshakeLines>

function handshakeLines(rawHeaders: readonly string[]) {
  return {
    connection: headerLines(rawHeaders, 'connection'),
    contentLength: headerLines(rawHeaders, 'content-length'),
    host: headerLines(rawHeaders, 'host'),
    key: headerLines(rawHeaders, 'sec-websocket-key'),
    transferEncoding: headerLines(rawHeaders, 'transfer-encoding'),
    upgrade: headerLines(rawHeaders, 'upgrade'),
    version: headerLines(rawHeaders, 'sec-websocket-version'),
  }
}

function checkRequestHead(method: string | undefined, httpVersion: string, lines: HandshakeLines): string | undefined {
  if (method?.toUpperCase() !== 'GET') return `the method is ${method ?? 'missing'}; a WebSocket handshake is a GET`
  if (httpVersion !== '1.1')
    return `the request is HTTP/${httpVersion}; a WebSocket handshake needs HTTP/1.1 (does a proxy in front speak HTTP/1.0?)`
  if (lines.host.length !== 1) return `there are ${lines.host.length} Host headers; exactly one is required`
  const hasBody = lines.transferEncoding.length > 0 || lines.contentLength.some((length) => !/^0+$/.test(length))
  return hasBody ? 'the request has a body; a WebSocket handshake has none' : undefined
}

/** `Connection` is a list of tokens without quotes (RFC 9110, section 7.6.1). As in ASP.NET Core, only other fields may have quotes. */
function checkConnection(lines: readonly string[]): string | undefined {
  const refusal = checkToken('Connection', lines, 'Upgrade')
  if (refusal !== undefined || UNQUOTED_UPGRADE.test(lines.join(','))) return refusal
  return `the Connection header is ${quoted(lines.join(', '))}; 'Upgrade' must not be quoted in it`
}

const UNQUOTED_UPGRADE = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i

function checkToken(name: string, lines: readonly string[], token: string): string | undefined {
  if (lines.length === 0) return `the ${name} header is missing (does a proxy in front remove it?)`
  if (includesToken(lines, token)) return undefined
  return `the ${name} header is ${quoted(lines.join(', '))}; it must contain '${token}'`
}

/** Stores the canonical value of a field that has only this item. It never refuses, and returns `undefined` only to fit into the chain of checks. */
function canonicalise(canonicalHeaders: Record<string, string>, name: string, lines: readonly string[], value: string): undefined {
  if (splitHeaderList(lines).length === 1) canonicalHeaders[name] = value
}

function includesToken(lines: readonly string[], token: string): boolean {
  return splitHeaderList(lines).some((item) => item.toLowerCase() === token.toLowerCase())
}
