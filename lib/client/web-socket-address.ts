import { refusal } from './refusal.ts'
import { surroundings } from './surroundings.ts'

/** Where to connect: `ws:`, `wss:`, `http:` or `https:`, or, in a page, relative to it: `'/ws'`. */
export type WebSocketAddress = string | URL

/** The address as every WebSocket takes it; throws if it is none. */
export function resolveAddress(address: WebSocketAddress): string {
  try {
    const url = new URL(address, surroundings.location?.href).href.replace(/^http/, 'ws')
    if (/^wss?:/.test(url)) return url
  } catch {
    // The next line tells what it should be.
  }
  throw refusal('address', "like 'wss://example.com/ws', or a function", address)
}
