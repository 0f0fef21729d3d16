import { createHash, randomBytes } from 'node:crypto'
import { handshakeHead, SAMPLE_KEY } from '../../support/raw-http1.ts'

/** An opening handshake and the allowed answers. */
export interface HandshakeCase {
  readonly name: string
  /** The request, in Latin-1. */
  readonly request: string
  /** The allowed statuses. `'closed'` means that the connection ends without an answer. */
  readonly expected: readonly (number | 'closed')[]
  /** A text that the head of the answer must not contain. */
  readonly forbidden: RegExp
  /** A text that the head of the answer must contain. */
  readonly required: RegExp
}

type Headers = NonNullable<Parameters<typeof handshakeHead>[0]>

const NOTHING = /(?!)/
const ANY = /^/

const ACCEPTED = [101] as const
const MALFORMED = [400] as const
const VERSION = [426] as const
const NOT_ACCEPTED = [200, 400, 403, 404, 405, 426, 431, 501, 'closed'] as const
const REFUSED = [400, 403, 404, 405, 414, 426, 431, 501, 'closed'] as const
const ANYTHING = [101, ...NOT_ACCEPTED] as const

const randomKey = randomBytes(16).toString('base64')
const acceptOfRandomKey = createHash('sha1').update(`${randomKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

const requestCases: readonly HandshakeCase[] = [
  head('a valid one', {}, ACCEPTED, {
    required: /upgrade: websocket\r\n(.*\r\n)*sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i,
  }),
  head('a random key', { 'Sec-WebSocket-Key': randomKey }, ACCEPTED, {
    required: new RegExp(`sec-websocket-accept: ${acceptOfRandomKey.replaceAll('+', '\\+')}\r\n`, 'i'),
  }),
  head('another case of Upgrade', { Upgrade: 'WebSocket' }, ACCEPTED),
  head('a list in Connection', { Connection: 'keep-alive, Upgrade' }, ACCEPTED),
  raw(
    'lower-case names',
    handshakeHead().replaceAll(/^[\w-]+:/gm, (name) => name.toLowerCase()),
    ACCEPTED,
  ),
  raw('POST', handshakeHead({ 'Content-Length': '0' }, 'POST /ws HTTP/1.1'), REFUSED),
  raw('HEAD', handshakeHead({}, 'HEAD /ws HTTP/1.1'), NOT_ACCEPTED),
  raw('HTTP/1.0', handshakeHead({}, 'GET /ws HTTP/1.0'), NOT_ACCEPTED),
  raw('HTTP/0.9', 'GET /ws\r\n\r\n', REFUSED),
  head('no Host', { Host: undefined }, MALFORMED),
  head('two Hosts', { Host: ['a.example', 'b.example'] }, MALFORMED),
  head('no Upgrade', { Upgrade: undefined }, NOT_ACCEPTED),
  head('another Upgrade', { Upgrade: 'h2c' }, NOT_ACCEPTED),
  head('Upgrade: websockets', { Upgrade: 'websockets' }, NOT_ACCEPTED),
  head('a list in Upgrade', { Upgrade: 'h2c, websocket' }, ANYTHING),
  head('no Connection', { Connection: undefined }, NOT_ACCEPTED),
  head('no key', { 'Sec-WebSocket-Key': undefined }, MALFORMED),
  head('an empty key', { 'Sec-WebSocket-Key': '' }, MALFORMED),
  head('a key that is not base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, MALFORMED),
  ...[0, 15, 17, 64].map((size) =>
    head(`a key of ${size} bytes`, { 'Sec-WebSocket-Key': Buffer.alloc(size, 1).toString('base64') }, MALFORMED),
  ),
  head('two keys', { 'Sec-WebSocket-Key': [SAMPLE_KEY, SAMPLE_KEY] }, MALFORMED),
  head('no version', { 'Sec-WebSocket-Version': undefined }, [400, 426]),
  head('version 12', { 'Sec-WebSocket-Version': '12' }, VERSION, { required: /^sec-websocket-version: 13\r$/im }),
  head('version 99', { 'Sec-WebSocket-Version': '99' }, VERSION, { required: /^sec-websocket-version: 13\r$/im }),
  head('two versions', { 'Sec-WebSocket-Version': ['13', '13'] }, [400, 426]),
  ...['013', '13a', '+13', '0x0d', '13.0', '', '8'].map((version) =>
    head(`version '${version}'`, { 'Sec-WebSocket-Version': version }, [400, 426]),
  ),
  head('100 headers', Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`X-${index}`, '1'])), [101, 400, 431]),
  head('5,000 headers', Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, '1'])), ANYTHING),
  head('a header of 100 kB', { 'X-Big': 'x'.repeat(100_000) }, [400, 431, 'closed']),
  raw('a target of 100 kB', handshakeHead({}, `GET /ws?${'x'.repeat(100_000)} HTTP/1.1`), [400, 414, 431, 'closed']),
  head('header names of prototypes', { __proto__x: '1', constructor: 'a', hasOwnProperty: 'b', toString: 'c' }, ACCEPTED),
  raw('a header __proto__', handshakeHead().replace(/\r\n\r\n$/, '\r\n__proto__: a\r\nprototype: b\r\n\r\n'), ACCEPTED),
]

/** Requests that a proxy may read differently from the server. They must not be accepted, and must not get two answers. */
const smugglingCases: readonly HandshakeCase[] = [
  raw('a body with a length', `${handshakeHead({ 'Content-Length': '5' })}hello`, REFUSED),
  raw('a chunked body', `${handshakeHead({ 'Transfer-Encoding': 'chunked' })}5\r\nhello\r\n0\r\n\r\n`, REFUSED),
  raw('a length and chunks', `${handshakeHead({ 'Content-Length': '5', 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`, [400, 'closed']),
  raw('a space before the colon', handshakeHead().replace('Upgrade: w', 'Upgrade : w'), MALFORMED),
  raw('lines that end with LF', handshakeHead().replaceAll('\r\n', '\n'), [400, 'closed']),
  raw('NUL in a header', handshakeHead({ 'X-Odd': 'a\0b' }), MALFORMED),
  raw('a folded header', handshakeHead({ 'X-Odd': 'a\r\n Set-Cookie: b=c' }), ANYTHING, { forbidden: /^set-cookie/im }),
]

/** Offers that must not be accepted or sent back. */
const offerCases: readonly HandshakeCase[] = [
  ...Object.entries({
    CR: 'a\rb',
    LF: 'a\nX-Injected: 1',
    'a percent-encoded line end': 'a%0d%0aX-Injected: 1',
    'non-ASCII': '\xe9',
    'a space': 'a b',
    quotes: '"a"',
    'an empty item': 'a,,b',
    'a trailing comma': 'a,',
    'only a comma': ',',
    nothing: '',
    'a duplicate': 'a, a',
    'something unknown': 'a',
    'a very long list of blanks': `a${' '.repeat(10_000)}b`,
  }).map(([what, value]) =>
    raw(`sub-protocols that have ${what}`, handshakeHead({ 'Sec-WebSocket-Protocol': value }), [101, 400, 'closed'], {
      forbidden: /^(sec-websocket-protocol|x-injected)/im,
    }),
  ),
  ...[
    'constructor',
    '__proto__',
    'toString',
    ';',
    'x;;',
    ',',
    'permessage-deflate;',
    'permessage-deflate; "',
    'permessage-deflate; client_max_window_bits="10',
    '=',
    'x-webkit-deflate-frame',
    ...['7', '16', '08', '1e1', '', '15.0'].map((bits) => `permessage-deflate; client_max_window_bits=${bits}`),
    ...['7', '16', '08', '1e1', ''].map((bits) => `permessage-deflate; server_max_window_bits=${bits}`),
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; server_max_window_bits=10; server_max_window_bits=11',
    'permessage-deflate; what',
  ].map((offer) =>
    head(`the extension '${offer}'`, { 'Sec-WebSocket-Extensions': offer }, [101, 400], { forbidden: /^sec-websocket-extensions/im }),
  ),
  head(
    'a bad offer of compression before a good one',
    { 'Sec-WebSocket-Extensions': 'permessage-deflate; what, permessage-deflate' },
    ACCEPTED,
    {
      required: /^sec-websocket-extensions: permessage-deflate\r$/im,
    },
  ),
]

/** No content of a target, a Host or an Origin may cause an uncaught error. */
const addressCases: readonly HandshakeCase[] = [
  ...[
    '//',
    '//[',
    '/%',
    '/%ff',
    '/%00',
    '/../',
    '/..%2f',
    '*',
    'x',
    '?',
    '/?',
    '/ws?%',
    'http://a/ws',
    'http://[',
    '/a b',
    '/\\',
    '\\\\a',
  ].map((target) => raw(`the target ${target}`, handshakeHead({}, `GET ${target} HTTP/1.1`), ANYTHING)),
  ...['[', 'a b', '::::', 'a:99999', 'x/y', '', '@', 'a,b', '%00'].map((host) => head(`the Host '${host}'`, { Host: host }, ANYTHING)),
  ...['null', '', 'http://[', 'javascript:', 'http://a, http://b', '*'].flatMap((origin) => [
    head(`the Origin '${origin}'`, { Origin: origin }, ANYTHING),
    guarded(`the Origin '${origin}', where origins are looked at,`, origin, origin === '' ? [101] : [403]),
  ]),
  guarded('an allowed Origin', 'https://good.example', ACCEPTED),
  guarded('another Origin', 'https://evil.example', [403]),
  guarded('two Origins, one allowed,', ['https://good.example', 'https://evil.example'], [403]),
  guarded('two Origins, the second allowed,', ['https://evil.example', 'https://good.example'], [403]),
  ...['https://good.example.evil.example', 'https://good.example:444', 'https://good.example/', 'https://good.example@evil.example'].map(
    (origin) => guarded(`the Origin ${origin}`, origin, [403]),
  ),
  raw('a path that no route has', handshakeHead({}, 'GET /nowhere HTTP/1.1'), [404]),
  raw('a path that is no WebSocket', handshakeHead({}, 'GET /page HTTP/1.1'), [200]),
]

/** Opening handshakes over HTTP/1.1 (RFC 6455, section 4). */
export const handshakeCases: readonly HandshakeCase[] = [...requestCases, ...smugglingCases, ...offerCases, ...addressCases]

function head(name: string, headers: Headers, expected: HandshakeCase['expected'], more: Partial<HandshakeCase> = {}): HandshakeCase {
  return raw(name, handshakeHead(headers), expected, more)
}

function guarded(name: string, origin: string | readonly string[], expected: HandshakeCase['expected']): HandshakeCase {
  return raw(name, handshakeHead({ Origin: origin }, 'GET /guarded HTTP/1.1'), expected)
}

function raw(name: string, request: string, expected: HandshakeCase['expected'], more: Partial<HandshakeCase> = {}): HandshakeCase {
  return { name, request, expected, forbidden: NOTHING, required: ANY, ...more }
}
