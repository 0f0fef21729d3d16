import { checkVersion } from './check-version.ts'
import { quoted } from './quoted.ts'

/** The parts of an HTTP/2 request that are checked. */
export interface ExtendedConnect {
  readonly method: string | undefined
  /** The `:protocol` pseudo-header. */
  readonly protocol: string | undefined
  /** Every line of `Sec-WebSocket-Version`. */
  readonly versionLines: readonly string[]
}

/**
 * Why an extended CONNECT (RFC 8441) does not ask for a WebSocket, as text; `undefined` if it does. HTTP/2 has no `Sec-WebSocket-Key`, no
 * `Upgrade` and no `Connection` field to check.
 */
export function recogniseExtendedConnect({ method, protocol, versionLines }: ExtendedConnect): string | undefined {
  if (method?.toUpperCase() !== 'CONNECT') return `the method is ${method ?? 'missing'}; a WebSocket over HTTP/2 needs CONNECT`
  if (protocol === undefined) return 'the :protocol pseudo-header is missing'
  if (protocol.toLowerCase() !== 'websocket') return `the :protocol pseudo-header is ${quoted(protocol)}, not 'websocket'`
  return checkVersion(versionLines)
}
