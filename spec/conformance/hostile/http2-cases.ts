import { ALLOWED_ORIGIN } from './server-settings.ts'
import { connectFields, pseudoFields } from './raw-http2-client.ts'
import type { Fields } from './raw-http2-client.ts'

/** An opening handshake over HTTP/2 and its allowed outcomes. */
export interface Http2HandshakeCase {
  readonly name: string
  readonly fields: Fields
  readonly expected: RegExp
}

const OPENED = /^status 200$/
const MALFORMED = /^(reset 1|goaway 1|status 400|closed)$/
const REFUSED = /^(status [45]\d\d|reset \d+|goaway \d+|closed)$/
const ANYTHING = /^(status \d{3}|reset \d+|goaway \d+|closed)$/

/** Opening handshakes over HTTP/2 (RFC 8441, section 5). */
export const http2HandshakeCases: readonly Http2HandshakeCase[] = [
  connect('a valid one', [], OPENED),
  connect('a key, which means nothing,', [['sec-websocket-key', 'not base64']], OPENED),
  {
    name: 'CONNECT without :protocol',
    fields: [
      [':method', 'CONNECT'],
      [':authority', 'localhost:443'],
    ],
    expected: REFUSED,
  },
  { name: ':protocol on GET', fields: replaced(':method', 'GET'), expected: MALFORMED },
  { name: 'an unknown :protocol', fields: replaced(':protocol', 'connect-udp'), expected: REFUSED },
  { name: 'an empty :protocol', fields: replaced(':protocol', ''), expected: REFUSED },
  { name: 'another case of :protocol', fields: replaced(':protocol', 'WebSocket'), expected: ANYTHING },
  { name: 'two :protocol', fields: [[':protocol', 'websocket'], ...connectFields()], expected: MALFORMED },
  ...[':scheme', ':path', ':authority'].map((name) => ({
    name: `no ${name}`,
    fields: connectFields().filter(([other]) => other !== name),
    expected: MALFORMED,
  })),
  { name: 'an empty :path', fields: replaced(':path', ''), expected: REFUSED },
  ...['//', '//[', '/%', '/%ff', '*', 'x', '"x"', '/a b', 'http://[', '/../', `/${'x'.repeat(7000)}`].map((path) => ({
    name: `the :path ${path.slice(0, 10)}`,
    fields: replaced(':path', path),
    expected: ANYTHING,
  })),
  ...['[', 'a b', '', '@', 'a:99999', 'x/y'].map((authority) => ({
    name: `the :authority '${authority}'`,
    fields: replaced(':authority', authority),
    expected: ANYTHING,
  })),
  { name: 'a pseudo-header field behind others', fields: [['x-first', '1'], ...connectFields()], expected: MALFORMED },
  connect('an upper-case name', [['X-Upper', '1']], MALFORMED),
  connect('Connection', [['connection', 'upgrade']], MALFORMED),
  connect('Upgrade', [['upgrade', 'websocket']], MALFORMED),
  connect('TE', [['te', 'gzip']], MALFORMED),
  connect('another Host', [['host', 'other.example']], ANYTHING),
  { name: 'no version', fields: pseudoFields(), expected: /^status (400|426)$/ },
  ...['12', '13.0', '013', '', '8'].map((version) => ({
    name: `version '${version}'`,
    fields: [...pseudoFields(), ['sec-websocket-version', version] as const],
    expected: /^status (400|426)$/,
  })),
  { name: 'another origin', fields: connectFields('/guarded', [['origin', 'https://evil.example']]), expected: /^status 403$/ },
  { name: 'the allowed origin', fields: connectFields('/guarded', [['origin', ALLOWED_ORIGIN]]), expected: OPENED },
  {
    name: 'two origins, one allowed,',
    fields: connectFields('/guarded', [
      ['origin', ALLOWED_ORIGIN],
      ['origin', 'https://evil.example'],
    ]),
    expected: REFUSED,
  },
  { name: 'a path that no route has', fields: connectFields('/nowhere'), expected: /^status 404$/ },
  // Node drops such a field or fails the stream.
  ...['a\rb', 'a\nb', 'a\0b', ' a'].map((value) => connect(`the value ${JSON.stringify(value)}`, [['x-odd', value]], ANYTHING)),
  connect(
    '1,000 fields',
    Array.from({ length: 1000 }, (_, index) => [`x${index}`, '1'] as const),
    ANYTHING,
  ),
  {
    name: 'an upgrade over GET',
    fields: [...replaced(':method', 'GET').filter(([name]) => name !== ':protocol'), ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==']],
    expected: /^status 4\d\d$/,
  },
]

/** Offers that must not be accepted or sent back. */
export const http2Offers: readonly (readonly [name: string, value: string])[] = [
  ...['a b', '"a"', 'a,,b', ',', '', 'a, a', 'unknown'].map((value) => ['sec-websocket-protocol', value] as const),
  ...[
    ...['client_max_window_bits', 'server_max_window_bits'].flatMap((name) => ['=7', '=16', '=08', '=1e1', '='].map((bits) => name + bits)),
    'server_max_window_bits',
    'client_no_context_takeover; client_no_context_takeover',
    'what',
  ].map((parameter) => ['sec-websocket-extensions', `permessage-deflate; ${parameter}`] as const),
]

function connect(name: string, more: Fields, expected: RegExp): Http2HandshakeCase {
  return { name, fields: connectFields('/ws', more), expected }
}

function replaced(name: string, value: string): Fields {
  return connectFields().map((field) => (field[0] === name ? [name, value] : field))
}
