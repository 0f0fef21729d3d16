import { describe, expect, it } from '@jest/globals'
import { recogniseUpgrade } from '../../lib/handshake/recognise-upgrade.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

type Headers = Record<string, string | readonly string[] | undefined>

function recognise(headers: Headers, method = 'GET', httpVersion = '1.1') {
  const all: Headers = {
    Host: 'a.example',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const rawHeaders = Object.entries(all).flatMap(([name, value]) => [value ?? []].flat().flatMap((line) => [name, line]))
  return recogniseUpgrade({ method, httpVersion, rawHeaders })
}

describe('recogniseUpgrade', () => {
  it.each<[string, Headers]>([
    ['the handshake of RFC 6455, section 1.2', {}],
    ['Upgrade in any case', { Upgrade: 'WebSocket' }],
    ['Upgrade in quotes', { Upgrade: '"websocket"' }],
    ['Upgrade as a list', { Upgrade: 'h2c, websocket' }],
    ['Upgrade in two lines', { Upgrade: ['h2c', 'websocket'] }],
    ['Connection as a list', { Connection: 'keep-alive, Upgrade' }],
    ['Connection in lower case', { Connection: 'upgrade' }],
    ['Connection in two lines', { Connection: ['keep-alive', 'upgrade'] }],
    ['a version list that contains 13', { 'Sec-WebSocket-Version': '8, 13' }],
    ['a version in quotes', { 'Sec-WebSocket-Version': '"13"' }],
    ['Content-Length: 0', { 'Content-Length': '0' }],
    ['a key of ASP.NET Core', { 'Sec-WebSocket-Key': 'VUfWn1u2Ot0AICM6f+/8Zg==' }],
    ['header names in lower case', { Upgrade: undefined, upgrade: 'websocket' }],
  ])('recognises %s', (_, headers) => {
    expect(recognise(headers)).toMatchObject({ isWebSocketRequest: true, refusal: undefined })
  })

  it('returns the key', () => {
    expect(recognise({}).key).toBe(KEY)
    expect(recognise({ Upgrade: 'h2c' }).key).toBeUndefined()
  })

  it.each<[Headers, string]>([
    [{ Upgrade: undefined }, 'the Upgrade header is missing (does a proxy in front remove it?)'],
    [{ Upgrade: 'websockets' }, "the Upgrade header is 'websockets'; it must contain 'websocket'"],
    [{ Connection: undefined }, 'the Connection header is missing (does a proxy in front remove it?)'],
    [{ Connection: 'keep-alive' }, "the Connection header is 'keep-alive'; it must contain 'Upgrade'"],
    [{ Connection: ['a', 'b'] }, "the Connection header is 'a, b'; it must contain 'Upgrade'"],
    [{ 'Sec-WebSocket-Version': undefined }, 'the Sec-WebSocket-Version header is missing'],
    [{ 'Sec-WebSocket-Version': ['13', '13'] }, 'there are 2 Sec-WebSocket-Version headers; only one is allowed'],
    ...['12', '8', '013', '+13', '0x0d', '13.0', '13a', '1e1', ''].map((version): [Headers, string] => [
      { 'Sec-WebSocket-Version': version },
      `the Sec-WebSocket-Version header is '${version}'; only '13' is supported`,
    ]),
    [{ 'Sec-WebSocket-Key': undefined }, 'the Sec-WebSocket-Key header is missing'],
    [{ 'Sec-WebSocket-Key': [KEY, KEY] }, 'there are 2 Sec-WebSocket-Key headers; only one is allowed'],
    ...[
      '',
      'AAAAAAAAAAAAAAAAAAAAAAA=',
      'AAAAAAAAAAAAAAAAAAAA',
      'dGhlIHNhbXBsZSBub25jZQ',
      '!!!!!!!!!!!!!!!!!!!!!!==',
      `"${KEY}"`,
      'dGhlIHNh bXBsZSBub25jZQ==',
    ].map((key): [Headers, string] => [
      { 'Sec-WebSocket-Key': key },
      `the Sec-WebSocket-Key header is '${key}'; it must be 16 bytes in base64`,
    ]),
    [{ Host: undefined }, 'there are 0 Host headers; exactly one is required'],
    [{ Host: ['a.example', 'b.example'] }, 'there are 2 Host headers; exactly one is required'],
    [{ 'Content-Length': '5' }, 'the request has a body; a WebSocket handshake has none'],
    [{ 'Content-Length': ['0', '5'] }, 'the request has a body; a WebSocket handshake has none'],
    [{ 'Transfer-Encoding': 'chunked' }, 'the request has a body; a WebSocket handshake has none'],
  ])('refuses %j', (headers, refusal) => {
    expect(recognise(headers)).toMatchObject({ isWebSocketRequest: false, refusal })
  })

  it('rejects other methods and versions of HTTP', () => {
    expect(recognise({}, 'POST').refusal).toBe('the method is POST; a WebSocket handshake is a GET')
    expect(recognise({}, 'HEAD').refusal).toBe('the method is HEAD; a WebSocket handshake is a GET')
    expect(recognise({}, 'GET', '1.0').refusal).toMatch(/^the request is HTTP\/1\.0; a WebSocket handshake needs HTTP\/1\.1/)
  })

  it('gives no reason for a request that is no WebSocket attempt', () => {
    const none = { 'Sec-WebSocket-Key': undefined, 'Sec-WebSocket-Version': undefined }
    expect(recognise({ ...none, Upgrade: undefined, Connection: undefined })).toMatchObject({
      isWebSocketRequest: false,
      refusal: undefined,
    })
    expect(recognise({ ...none, Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings' })).toMatchObject({
      isWebSocketRequest: false,
      refusal: undefined,
    })
  })

  it('truncates and escapes the values that it quotes', () => {
    const { refusal = '' } = recognise({ Upgrade: `${'x'.repeat(10_000)}\u009b` })
    expect(refusal.length).toBeLessThan(200)
    expect(recognise({ Upgrade: '\u009b[2J' }).refusal).toContain('\\x9B')
  })

  it('normalises fields with one matching item, and leaves the others unchanged', () => {
    expect(recognise({ Upgrade: '"WebSocket"', Connection: 'upgrade', 'Sec-WebSocket-Version': '"13"' }).canonicalHeaders).toEqual({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
    })
    expect(
      recognise({ Upgrade: 'h2c, WebSocket', Connection: 'a, b, upgrade', 'Sec-WebSocket-Version': '8, 13' }).canonicalHeaders,
    ).toEqual({})
  })
})
