import type { Duplex } from 'node:stream'
import { HeldBack } from './hold-back.ts'

/**
 * Holds back the incoming data of a stream until the stream is read. The end of the data is not held back, because the stream must see it.
 * @param limit - the number of held bytes at which reading stops. Until then, a reset by the peer is noticed.
 */
export function holdUnreadBytes(stream: Duplex, limit: number): HeldBack {
  const held = new HeldBack(stream, {
    holds: (chunk) => chunk !== null && stream.readableFlowing !== true && stream.listenerCount('readable') === 0,
    limit,
  })
  stream.on('resume', () => held.release())
  stream.on('newListener', (event) => {
    if (event === 'readable') held.release()
  })
  return held
}
