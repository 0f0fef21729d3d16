/**
 * Finds the end of the head of a connection's first request, in the chunk that contains this end. It is the first empty line, because the connection
 * has received nothing else before. Even a lenient parser ends the head there.
 * @returns the index after the empty line; `undefined` if the empty line may have begun in the previous chunk.
 */
export function endOfFirstHead(chunk: Buffer): number | undefined {
  if (chunk.length === 1) return 1
  // These may be the last bytes of the empty line, or the whole of it.
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
/** The parser accepts the second one only with `insecureHTTPParser`. */
const EMPTY_LINES = ['\n\r\n', '\n\n']
