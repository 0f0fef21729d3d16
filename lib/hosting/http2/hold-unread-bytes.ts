import type { ServerHttp2Stream } from 'node:http2'
import { GatheredBytes } from '../../web-socket/memory/gathered-bytes.ts'

/**
 * Holds what arrives on a stream that nobody reads at present in one piece of memory. Node would hold each DATA frame by itself, as a part of
 * the buffer that the whole session was read into: 64 KiB for a byte. Reading goes on as on any stream, and the peer's window stays shut until then.
 */
export function holdUnreadBytes(stream: ServerHttp2Stream): void {
  const held = new GatheredBytes()
  const push = stream.push.bind(stream)

  stream.push = (chunk: Buffer | null) => {
    if (chunk !== null && stream.readableFlowing !== true && stream.listenerCount('readable') === 0) {
      held.push(chunk)
      // Then Node tells its session to wait.
      return false
    }
    letGo()
    return push(chunk)
  }
  stream.on('resume', letGo)
  stream.on('newListener', (event) => {
    if (event === 'readable') letGo()
  })

  function letGo(): void {
    if (held.length > 0) push(held.take())
  }
}
