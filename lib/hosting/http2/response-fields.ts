import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** The header fields of a response as HTTP/2 may carry them: without those that speak of an HTTP/1 connection (RFC 9113, section 8.2.2). */
export function responseFields(response: ServerResponse): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = { ':status': response.statusCode }
  for (const name of response.getHeaderNames()) {
    if (!connectionFields.has(name)) fields[name] = response.getHeader(name)
  }
  return fields
}

/** Reads `name: value` lines, in which `node:http` keeps trailers and informational responses, back into fields. */
export function parseFieldLines(lines: string): OutgoingHttpHeaders {
  const fields: Record<string, string[]> = {}
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).toLowerCase()
    const values = (fields[name] ??= [])
    values.push(line.slice(colon + 1).trim())
  }
  return fields
}

const connectionFields = new Set(['connection', 'http2-settings', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'])
