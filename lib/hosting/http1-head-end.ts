/**
 * Finds where the head of an upgrade request ends in the chunk that its parser is at work on. What comes after, nobody has looked at yet.
 * The chunk may begin with other requests (on a reused connection), or in the middle of the head.
 * @param key - the request's `Sec-WebSocket-Key`, which no other request has
 * @returns the index after the empty line that ends the head; -1 if it cannot be told.
 */
export function findHeadEnd(chunk: Buffer, rawHeaders: readonly string[], key: string): number {
  // The last field's value and the empty line, as they stand on the wire.
  const last = Buffer.from(`${rawHeaders.at(-1) ?? ''}${EMPTY_LINE}`, 'latin1')
  if (endsWith(chunk, last)) return chunk.length
  const start = Math.max(chunk.indexOf(key, 0, 'latin1'), 0)
  const whole = chunk.indexOf(last, start)
  if (whole >= 0) return whole + last.length
  // There may be white space between the two.
  const emptyLine = chunk.indexOf(EMPTY_LINE, start, 'latin1')
  if (emptyLine >= 0) return emptyLine + EMPTY_LINE.length
  return overlap(last, chunk)
}

/** Whether the chunk ends with these bytes, or is the end of them. Nothing comes after the head then, as is usual. */
function endsWith(chunk: Buffer, last: Buffer): boolean {
  const size = Math.min(chunk.length, last.length)
  return size > 0 && chunk.compare(last, last.length - size, last.length, chunk.length - size) === 0
}

/** How many of the last bytes the chunk begins with: it came when the rest of them had been parsed. */
function overlap(last: Buffer, chunk: Buffer): number {
  for (let size = Math.min(last.length, chunk.length); size > 0; size--) {
    if (chunk.compare(last, last.length - size, last.length, 0, size) === 0) return size
  }
  return -1
}

const EMPTY_LINE = '\r\n\r\n'
