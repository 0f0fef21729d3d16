import type { Duplex } from 'node:stream'
import { GatheredBytes } from '../web-socket/memory/gathered-bytes.ts'

/**
 * Keeps back what arrives on a stream, its end included, and stops reading. Unlike a paused stream, which goes on until it holds 16 KiB
 * (64 KiB from Node 22 on) and has a list with an entry for each chunk, this takes no more than what was under way: the rest of a read over TLS, of a
 * window over HTTP/2; and that in one piece, where a byte as a chunk of its own would take some 450 (Node 20).
 * @returns lets it go. The stream then reads on as if nothing had been.
 */
export function holdBack(stream: Duplex): () => void {
  const pushed: Pushed = stream
  const { push } = pushed
  const gathered = new GatheredBytes()
  let hasEnded = false
  // Node calls it for each chunk, and stops reading when it returns `false`.
  pushed.push = (chunk) => {
    if (chunk === null) hasEnded = true
    else gathered.push(chunk)
    return false
  }
  return function letGo() {
    pushed.push = push
    if (gathered.length > 0) stream.push(gathered.take())
    if (hasEnded) stream.push(null)
  }
}

interface Pushed {
  push: (chunk: Buffer | null) => boolean
}
