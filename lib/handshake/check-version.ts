import { splitHeaderList } from './header-list.ts'
import { quoted } from './quoted.ts'

/** The only version of the protocol (RFC 6455, section 4.1). */
export const WEB_SOCKET_VERSION = '13'

/**
 * Why these lines of `Sec-WebSocket-Version` do not ask for version 13; `undefined` if they do. A list that contains 13 is valid, a repeated field
 * is not (RFC 6455, section 11.3.5).
 */
export function checkVersion(versionLines: readonly string[]): string | undefined {
  if (versionLines.length === 0) return 'the Sec-WebSocket-Version header is missing'
  if (versionLines.length > 1) return `there are ${versionLines.length} Sec-WebSocket-Version headers; only one is allowed`
  if (splitHeaderList(versionLines).includes(WEB_SOCKET_VERSION)) return undefined
  return `the Sec-WebSocket-Version header is ${quoted(versionLines[0])}; only '13' is supported`
}
