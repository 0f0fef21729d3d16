import { describe, expect, it } from '@jest/globals'
import { negotiateCompression } from '../../lib/handshake/negotiate-compression.ts'

const DEFAULT = { serverContextTakeover: true, serverMaxWindowBits: 15 }
const CUSTOM = { serverContextTakeover: false, serverMaxWindowBits: 14 }

function negotiate(offers: string | readonly string[], preferences = DEFAULT) {
  return negotiateCompression(
    [offers].flat().flatMap((line) => ['Sec-WebSocket-Extensions', line]),
    preferences,
  )
}

describe('negotiateCompression', () => {
  it.each([
    ['', ''],
    ['server_no_context_takeover', 'server_no_context_takeover'],
    ['client_no_context_takeover', 'client_no_context_takeover'],
    ['client_max_window_bits=9', 'client_max_window_bits=9'],
    ['client_max_window_bits="9"', 'client_max_window_bits=9'],
    ['client_max_window_bits', 'client_max_window_bits=15'],
    ['server_max_window_bits=10', 'server_max_window_bits=10'],
    ['server_max_window_bits=15', 'server_max_window_bits=15'],
    ['server_max_window_bits=10; server_no_context_takeover', 'server_no_context_takeover; server_max_window_bits=10'],
    [
      'server_max_window_bits=10; client_max_window_bits=12; server_no_context_takeover; client_no_context_takeover',
      'client_max_window_bits=12; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10',
    ],
  ])('answers the offer "%s" with "%s"', (offer, answer) => {
    expect(negotiate(`permessage-deflate${offer && '; '}${offer}`)?.responseHeader).toBe(`permessage-deflate${answer && '; '}${answer}`)
  })

  it.each([
    ['', 'server_no_context_takeover; server_max_window_bits=14'],
    ['client_no_context_takeover', 'client_no_context_takeover; server_no_context_takeover; server_max_window_bits=14'],
    ['server_max_window_bits=10', 'server_no_context_takeover; server_max_window_bits=10'],
    ['server_max_window_bits=15', 'server_no_context_takeover; server_max_window_bits=14'],
  ])('applies the restrictions of the application to the offer "%s": "%s"', (offer, answer) => {
    expect(negotiate(`permessage-deflate;${offer}`.replace(/;$/, ''), CUSTOM)?.responseHeader).toBe(`permessage-deflate; ${answer}`)
  })

  it('returns the negotiated parameters', () => {
    expect(negotiate('permessage-deflate; client_max_window_bits=12; client_no_context_takeover', CUSTOM)).toMatchObject({
      clientContextTakeover: false,
      clientMaxWindowBits: 12,
      serverContextTakeover: false,
      serverMaxWindowBits: 14,
    })
    expect(negotiate('permessage-deflate')).toMatchObject({
      clientContextTakeover: true,
      clientMaxWindowBits: 15,
      serverContextTakeover: true,
      serverMaxWindowBits: 15,
    })
  })

  it.each(
    [
      ...['7', '8', '16', '08', '010', '+10', '1e1', '"15', '14"', '"', '', '""', '0x0a', ' ', '-9', '9.0'].flatMap((bits) => [
        `client_max_window_bits=${bits}`,
        `server_max_window_bits=${bits}`,
      ]),
      'server_max_window_bits',
      'unknown',
      'unknown=1',
      'client_no_context_takeover=1',
      'server_no_context_takeover=',
      'client_max_window_bitsX=10',
      'Client_No_Context_Takeover',
      '__proto__',
      'constructor',
      '',
      ';',
      'client_no_context_takeover; client_no_context_takeover',
      'server_no_context_takeover; server_no_context_takeover',
      'client_max_window_bits; client_max_window_bits=10',
      'server_max_window_bits=10; server_max_window_bits=10',
    ].map((offer) => [offer]),
  )('declines the offer "%s" and accepts the next', (offer) => {
    expect(negotiate(`permessage-deflate;${offer}`)).toBeUndefined()
    expect(negotiate([`permessage-deflate;${offer}`, 'permessage-deflate; server_max_window_bits=11'])?.serverMaxWindowBits).toBe(11)
  })

  it.each(['', 'x-other', 'Permessage-Deflate', 'permessage-deflate-foo', 'permessage', '"permessage-deflate', '; permessage-deflate'])(
    'ignores "%s", which is not an offer',
    (extension) => {
      expect(negotiate(extension)).toBeUndefined()
    },
  )

  it('accepts the first acceptable offer, over all lines', () => {
    expect(negotiate('x-other, permessage-deflate; client_max_window_bits=11, permessage-deflate')?.clientMaxWindowBits).toBe(11)
    expect(
      negotiate(['permessage-deflate; server_max_window_bits=8', 'permessage-deflate; client_max_window_bits=11'])?.responseHeader,
    ).toBe('permessage-deflate; client_max_window_bits=11')
  })
})
