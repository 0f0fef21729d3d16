import type { Duplex } from 'node:stream'
import { HeldBack } from './hold-back.ts'

/**
 * Holds back what arrives on a stream as long as nobody reads it, but not the end, which the stream is to know of. As soon as somebody reads,
 * the stream has it all.
 * @param limit - when so many bytes are held, nothing more is read. Until then a peer that resets the connection is noticed.
 */
export function holdUnreadBytes(stream: Duplex, limit: number): HeldBack {
  const held = new HeldBack(stream, {
    holds: (chunk) => chunk !== null && stream.readableFlowing !== true && stream.listenerCount('readable') === 0,
    limit,
  })
  stream.on('resume', () => held.letGo())
  stream.on('newListener', (event) => {
    if (event === 'readable') held.letGo()
  })
  return held
}
