import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { HeaderList, HeaderPairs, UnsetHeaders } from './node-http-internals.ts'

/** The header fields of a response for HTTP/2, without the fields that concern an HTTP/1 connection (RFC 9113, section 8.2.2). */
export function responseFields(response: ServerResponse): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = { ':status': response.statusCode }
  for (const name of response.getHeaderNames()) {
    if (!CONNECTION_FIELDS.has(name)) fields[name] = response.getHeader(name)
  }
  return fields
}

/** Sets the header fields of `writeHead()`, in any form that it accepts. Lists may contain a field more than once. */
export function addHeaders(response: ServerResponse, headers: UnsetHeaders): void {
  for (const [name, value] of pairsOf(headers)) {
    if (value !== undefined) response.appendHeader(name, Array.isArray(value) ? value : String(value))
  }
}

function pairsOf(headers: UnsetHeaders): readonly (readonly [name: string, value: OutgoingHttpHeader | undefined])[] {
  if (headers === null || headers === undefined) return []
  if (!isList(headers)) return Object.entries(headers)
  if (isPairList(headers)) return headers
  return headers.flatMap((name, index) => (index % 2 === 0 ? [[String(name), headers[index + 1]] as const] : []))
}

function isList(headers: HeaderList | HeaderPairs | OutgoingHttpHeaders): headers is HeaderList | HeaderPairs {
  return Array.isArray(headers)
}

function isPairList(headers: HeaderList | HeaderPairs): headers is HeaderPairs {
  return Array.isArray(headers[0])
}

/** Parses `name: value` lines, the form in which `node:http` keeps trailers and informational responses. */
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

const CONNECTION_FIELDS = new Set(['connection', 'http2-settings', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'])
