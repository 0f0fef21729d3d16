import type { ServerHttp2Stream } from 'node:http2'

/**
 * Limits the data of the stream that waits in its session to {@link LIMIT}. Node counts this data against `maxSessionMemory` (10 MB), and beyond it
 * refuses every further request of the connection. So one big message to a client that does not read would hurt the other streams. Data that waits in
 * the stream itself does not count. Accepts only bytes, no strings.
 * @returns a function that ends the stream after everything that was written.
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
    // When a stream is told to end, it treats the current chunk as the last one, so no more chunks may follow.
    if (stream.writableLength <= LIMIT) stream.end(onFinished)
    else stream.write(NOTHING, () => stream.end(onFinished))
  }

  function writeInPieces(chunks: readonly Buffer[], callback: (error?: Error | null) => void): void {
    const pieces = piecesOf(chunks).values()
    writeNext()

    function writeNext(error?: Error | null): void {
      if (error || stream.destroyed) {
        callback(error ?? new Error('The stream was destroyed during a write', { cause: stream.errored }))
        return
      }
      const { value: piece } = pieces.next()
      if (piece === undefined) callback()
      else write(piece, BYTES, writeNext)
    }
  }
}

const NOTHING = Buffer.alloc(0)

/** In bytes: about the default flow-control window of HTTP/2. */
const LIMIT = 65_536

/** The encoding that a stream passes for chunks that are no strings. The type does not declare it. */
const BYTES = 'buffer' as BufferEncoding

function lengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((length, chunk) => length + chunk.length, 0)
}

/** Joins small chunks and splits big ones. No piece is longer than the limit. */
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
