/**
 * Every line of one header field, in order, as the client sent it. `request.headers` joins the lines of some fields and drops repeated lines of
 * others.
 * @param rawHeaders - names and values in turn, as in `IncomingMessage.rawHeaders`
 * @param name - in lower case
 */
export function headerLines(rawHeaders: readonly string[], name: string): string[] {
  const lines: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const rawName = rawHeaders[index] ?? ''
    if (rawName.length === name.length && rawName.toLowerCase() === name) lines.push(rawHeaders[index + 1] ?? '')
  }
  return lines
}
