import { describe, expect, it } from '@jest/globals'
import { recogniseExtendedConnect } from '../../lib/handshake/recognise-extended-connect.ts'

describe('recogniseExtendedConnect', () => {
  const valid = { method: 'CONNECT', protocol: 'websocket', versionLines: ['13'] }

  it('recognises RFC 8441, section 5, with :protocol in any case', () => {
    expect(recogniseExtendedConnect(valid)).toBeUndefined()
    expect(recogniseExtendedConnect({ ...valid, protocol: 'WebSocket' })).toBeUndefined()
    expect(recogniseExtendedConnect({ ...valid, versionLines: ['8, 13'] })).toBeUndefined()
  })

  it.each([
    [{ method: 'GET' }, 'the method is GET; a WebSocket over HTTP/2 needs CONNECT'],
    [{ protocol: undefined }, 'the :protocol pseudo-header is missing'],
    [{ protocol: 'webtransport' }, "the :protocol pseudo-header is 'webtransport', not 'websocket'"],
    [{ versionLines: [] }, 'the Sec-WebSocket-Version header is missing'],
    [{ versionLines: ['12'] }, "the Sec-WebSocket-Version header is '12'; only '13' is supported"],
    [{ versionLines: ['13', '13'] }, 'there are 2 Sec-WebSocket-Version headers; only one is allowed'],
  ])('refuses %j', (change, refusal) => {
    expect(recogniseExtendedConnect({ ...valid, ...change })).toBe(refusal)
  })
})
