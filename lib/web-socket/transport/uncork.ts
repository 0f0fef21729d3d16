import type { Duplex } from 'node:stream'

/** Uncorks a stream completely. An accepted connection is corked, so that the 101 leaves together with the first messages. */
export function uncork(duplex: Duplex): void {
  while (duplex.writableCorked > 0) duplex.uncork()
}
