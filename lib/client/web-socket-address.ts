import { refuse } from './refuse.ts'
import { runtimeGlobals } from './runtime-globals.ts'

/** The address to connect to: `ws:`, `wss:`, `http:` or `https:`, or, in a page, a relative address such as `'/ws'`. */
export type WebSocketAddress = string | URL

/** Converts the address into the form that every WebSocket accepts; throws if it is not valid. */
export function resolveAddress(address: WebSocketAddress): string {
  try {
    const url = new URL(address, runtimeGlobals.location?.href).href.replace(/^http/, 'ws')
    if (/^wss?:/.test(url)) return url
  } catch {
    // The error below explains the valid forms.
  }
  return refuse('address', 'a ws: URL or a function', address)
}
