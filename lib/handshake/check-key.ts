import { quoted } from './quoted.ts'

/** Why these lines of `Sec-WebSocket-Key` are invalid; `undefined` if they are valid: base64 of 16 bytes, once (RFC 6455, section 4.2.1). */
export function checkKey(lines: readonly string[]): string | undefined {
  const [key] = lines
  if (key === undefined) return 'the Sec-WebSocket-Key header is missing'
  if (lines.length > 1) return `there are ${lines.length} Sec-WebSocket-Key headers; only one is allowed`
  if (/^[A-Za-z0-9+/]{22}==$/.test(key)) return undefined
  return `the Sec-WebSocket-Key header is ${quoted(key)}; it must be 16 bytes in base64`
}
