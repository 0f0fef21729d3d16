import { inspect } from 'node:util'
import { WebSocketException } from '../errors/web-socket-exception.ts'

/**
 * Checks the sub-protocol of the application before anything is written: it must be a token (RFC 6455, section 4.1) or absent.
 * The application decides whether the client must have offered it.
 * @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
 */
export function checkSubProtocol(subProtocol: unknown): string | null {
  if (subProtocol === undefined || subProtocol === null) return null
  if (typeof subProtocol !== 'string') throw invalid(`must be a string, null or undefined. Received ${inspect(subProtocol, { depth: 0 })}`)
  if (subProtocol.trim() === '')
    throw invalid(`must not be empty. Received ${inspect(subProtocol)}; pass null to accept without a sub-protocol`)
  const bad = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/u.exec(subProtocol)
  if (bad !== null)
    throw invalid(`must be a token. Received ${inspect(subProtocol)}, which contains the invalid character ${describe(bad[0])}`)
  return subProtocol
}

function invalid(problem: string): WebSocketException {
  return new WebSocketException('ERR_WEBSOCKET_INVALID_ARGUMENT', `The argument 'subProtocol' ${problem}`, { argument: 'subProtocol' })
}

/** A visible character as itself, any other by its code point. */
function describe(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0x20 && code < 0x7f ? `'${character}'` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
