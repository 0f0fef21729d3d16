import { splitHeaderList } from './header-list.ts'
import { headerLines } from './header-lines.ts'

/** The sub-protocols that a request offers, in the order of the request. Items that are not tokens (RFC 6455, section 4.1) are left out. */
export function requestedSubProtocols(rawHeaders: readonly string[]): string[] {
  return splitHeaderList(headerLines(rawHeaders, 'sec-websocket-protocol')).filter((item) => TOKEN.test(item))
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
