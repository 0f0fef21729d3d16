/**
 * Where the head of a connection's very first request ends, in the chunk in which its parser comes to that end: behind the first empty line,
 * for nothing but this head has come so far. The parser ends a head there whatever it forgives.
 * @returns the index behind the empty line; `undefined` if it may have begun in the chunk before.
 */
export function endOfFirstHead(chunk: Buffer): number | undefined {
  if (chunk.length === 1) return 1
  // It may be the end of an empty line, or the empty line behind the end of a line.
  if (chunk[0] === CARRIAGE_RETURN || chunk[0] === LINE_FEED) return undefined
  const end = Math.min(...EMPTY_LINES.map((line) => endOf(chunk, line)))
  return end === Infinity ? undefined : end
}

function endOf(chunk: Buffer, line: string): number {
  const index = chunk.indexOf(line, 0, 'latin1')
  return index < 0 ? Infinity : index + line.length
}

const CARRIAGE_RETURN = 13
const LINE_FEED = 10
/** The second one is for `insecureHTTPParser`. */
const EMPTY_LINES = ['\n\r\n', '\n\n']
