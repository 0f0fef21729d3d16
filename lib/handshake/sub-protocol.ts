import { splitHeaderList } from './header-list.ts'
import { headerLines } from './header-lines.ts'

/** The sub-protocols that a request offers, in its order; empty if it offers none. */
export function requestedSubProtocols(rawHeaders: readonly string[]): string[] {
  return splitHeaderList(headerLines(rawHeaders, 'sec-websocket-protocol'))
}
