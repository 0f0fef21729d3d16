import type { ServerHttp2Stream } from 'node:http2'

/**
 * Lets no more than {@link LIMIT} of what is written to the stream wait in its session. Node counts that against `maxSessionMemory` (10 MB),
 * and beyond it refuses every further request of the connection, so that one big message to a client that does not read would hurt the others.
 * What waits in the stream itself does not count. Takes bytes only, no strings.
 * @returns ends the stream, after everything that was written.
 */
export function boundWrites(stream: ServerHttp2Stream): (onFinished: () => void) => void {
  const write = stream._write.bind(stream)
  const writev = stream._writev?.bind(stream)

  stream._write = (chunk: Buffer, encoding, callback) => {
    if (chunk.length <= LIMIT) write(chunk, encoding, callback)
    else writeInPieces([chunk], callback)
  }
  if (writev !== undefined) {
    stream._writev = (items: { chunk: Buffer; encoding: BufferEncoding }[], callback) => {
      const chunks = items.map(({ chunk }) => chunk)
      if (lengthOf(chunks) <= LIMIT) writev(items, callback)
      else writeInPieces(chunks, callback)
    }
  }
  return function end(onFinished) {
    // A stream that is told to end takes the piece at hand for the last, so there must be none to come.
    if (stream.writableLength <= LIMIT) stream.end(onFinished)
    else stream.write(NOTHING, () => stream.end(onFinished))
  }

  function writeInPieces(chunks: readonly Buffer[], callback: (error?: Error | null) => void): void {
    const pieces = piecesOf(chunks).values()
    writeNext()

    function writeNext(error?: Error | null): void {
      if (error || stream.destroyed) {
        callback(error ?? new Error('The stream was destroyed while it was written to', { cause: stream.errored }))
        return
      }
      const { value: piece } = pieces.next()
      if (piece === undefined) callback()
      else write(piece, BYTES, writeNext)
    }
  }
}

const NOTHING = Buffer.alloc(0)

/** Bytes: what a client takes in one go that has HTTP/2's default window. */
const LIMIT = 65_536

/** What a stream says of chunks that are no strings; the type leaves it out. */
const BYTES = 'buffer' as BufferEncoding

function lengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((length, chunk) => length + chunk.length, 0)
}

/** Small chunks together, big ones in parts: no piece is longer than the limit. */
function piecesOf(chunks: readonly Buffer[]): Buffer[] {
  const pieces: Buffer[] = []
  let small: Buffer[] = []
  for (const chunk of chunks) {
    if (lengthOf(small) + chunk.length > LIMIT) {
      if (small.length > 0) pieces.push(Buffer.concat(small))
      small = []
    }
    let start = 0
    for (; chunk.length - start > LIMIT; start += LIMIT) pieces.push(chunk.subarray(start, start + LIMIT))
    small.push(chunk.subarray(start))
  }
  pieces.push(Buffer.concat(small))
  return pieces
}
