import * as crypto from 'node:crypto'

/** The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455, section 4.2.2). */
export function computeAcceptKey(key: string): string {
  return hashSha1(key + HANDSHAKE_GUID)
}

const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** `crypto.hash()` takes a third of the time. Node 20.12 and later have it. */
const hashSha1 = 'hash' in crypto ? (data: string): string => crypto.hash('sha1', data, 'base64') : hashSha1InSteps

function hashSha1InSteps(data: string): string {
  return crypto.createHash('sha1').update(data).digest('base64')
}
