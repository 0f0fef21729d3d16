import type { Duplex } from 'node:stream'
import { HeldBack } from './hold-back.ts'

/**
 * Holds back incoming data of a stream until it is read, but not the end, which the stream must see. As soon as the stream is read, it gets all held
 * data.
 * @param limit - the number of held bytes at which reading stops. Until then a reset by the peer is noticed.
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
