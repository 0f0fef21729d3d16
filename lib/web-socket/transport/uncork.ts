import type { Duplex } from 'node:stream'

/** Lets everything leave that a stream holds: the answer that accepts a WebSocket waits for what is sent first. */
export function uncork(duplex: Duplex): void {
  while (duplex.writableCorked > 0) duplex.uncork()
}
