import { connectFields } from '../conformance/hostile/raw-http2-client.ts'
import { handshakeHead } from '../support/raw-http1.ts'
import { mutate } from './make-frames.ts'
import type { Random } from './random.ts'

/** A handshake over HTTP/1.1, valid half of the time. */
export function makeHandshake(random: Random): Buffer {
  const headers = random.once(2) ? makeHeaders(random) : {}
  return mutate(random, Buffer.from(handshakeHead(headers, makeRequestLine(random)), 'latin1'), 4)
}

/** The fields of an extended CONNECT, valid half of the time. */
export function makeConnect(random: Random): readonly (readonly [name: string, value: string])[] {
  if (random.once(2)) return connectFields()
  const more = Object.entries(makeHeaders(random)).flatMap(([name, value]) =>
    [value].flat().map((line) => [random.once(20) ? name : name.toLowerCase(), line] as const),
  )
  return connectFields(random.pick(['/ws', '/ws', '/guarded', '/nowhere', '*', '']), more).filter(() => !random.once(20))
}

function makeRequestLine(random: Random): string {
  const method = random.once(10) ? random.pick(['POST', 'HEAD', 'CONNECT', 'PRI', 'get']) : 'GET'
  const target = random.once(5)
    ? random.pick(['/', '/nowhere', '/page', '/large', '/guarded', '//[', '*', '/%', `/${'x'.repeat(20_000)}`])
    : '/ws'
  return `${method} ${target} HTTP/${random.once(20) ? random.pick(['1.0', '0.9', '2.0', '9.9']) : '1.1'}`
}

function makeHeaders(random: Random): Record<string, string | readonly string[]> {
  const maybe = (name: string, values: readonly [string | string[], ...(string | string[])[]]) =>
    random.once(3) ? { [name]: random.pick(values) } : {}
  return {
    ...maybe('Sec-WebSocket-Extensions', EXTENSIONS),
    ...maybe('Sec-WebSocket-Protocol', ['a', 'a, b', ',', 'a a', '"', '']),
    ...maybe('Sec-WebSocket-Version', ['13', '8', '12', '', ['13', '13'], '13, 8']),
    ...maybe('Sec-WebSocket-Key', ['', 'short', '!', ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ==']]),
    ...maybe('Origin', ['https://good.example', 'null', 'http://[', '*', ['a', 'b']]),
    ...maybe('Connection', ['Upgrade', 'keep-alive, Upgrade', 'close', '', 'Upgrade, close']),
    ...maybe('Upgrade', ['websocket', 'WebSocket', 'h2c', 'h2c, websocket', '']),
    ...maybe('Host', ['', '[', ['a', 'b'], 'a:99999']),
    ...(random.once(10) ? { 'Content-Length': random.pick(['0', '5', '-1', '99999999999999999999']) } : {}),
    ...(random.once(10) ? { 'Transfer-Encoding': random.pick(['chunked', 'gzip, chunked', 'x']) } : {}),
    ...(random.once(10) ? { Expect: '100-continue' } : {}),
  }
}

const EXTENSIONS: [string, ...string[]] = [
  'permessage-deflate',
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  'permessage-deflate; client_max_window_bits=9; server_max_window_bits=9',
  'permessage-deflate; server_max_window_bits=08, permessage-deflate',
  '"; =,',
]
