import { describe, expect, it } from '@jest/globals'
import { requestedSubProtocols } from '../../lib/handshake/sub-protocol.ts'
import { checkSubProtocol } from '../../lib/web-socket/check-sub-protocol.ts'

describe('requestedSubProtocols', () => {
  it('lists the offers of all lines in order', () => {
    const rawHeaders = ['sec-websocket-protocol', 'alpha, "bravo"', 'Host', 'x', 'Sec-WebSocket-Protocol', 'charlie,,alpha']
    expect(requestedSubProtocols(rawHeaders)).toEqual(['alpha', 'bravo', 'charlie', 'alpha'])
    expect(requestedSubProtocols(['Host', 'x'])).toEqual([])
  })
})

describe('an invalid sub-protocol', () => {
  it.each([
    ['foo;bar', []],
    ['foo;bar, chat', ['chat']],
    ['a b, chat', ['chat']],
    ['a=b', []],
    ['"a,b", chat', ['chat']],
    ['"', []],
    ['caf\u00E9', []],
    ["!#$%&'*+-.^_`|~09AZaz", ["!#$%&'*+-.^_`|~09AZaz"]],
  ])('is not listed: %s', (value, offered) => {
    expect(requestedSubProtocols(['Sec-WebSocket-Protocol', value])).toEqual(offered)
    for (const subProtocol of offered) expect(checkSubProtocol(subProtocol)).toBe(subProtocol)
  })
})

describe('checkSubProtocol', () => {
  it('accepts a token, and no sub-protocol', () => {
    expect(checkSubProtocol("v1.chat+json!#$%&'*^_`|~-")).toBe("v1.chat+json!#$%&'*^_`|~-")
    expect(checkSubProtocol(null)).toBeNull()
    expect(checkSubProtocol(undefined)).toBeNull()
  })

  it.each([
    ['', "The argument 'subProtocol' must not be empty. Received ''; pass null to accept without a sub-protocol"],
    [' ', "The argument 'subProtocol' must not be empty. Received ' '; pass null to accept without a sub-protocol"],
    ['a b', "The argument 'subProtocol' must be a token. Received 'a b', which contains the invalid character U+0020"],
    ['a,b', "The argument 'subProtocol' must be a token. Received 'a,b', which contains the invalid character ','"],
    ['a\r\nb', "The argument 'subProtocol' must be a token. Received 'a\\r\\nb', which contains the invalid character U+000D"],
    ['\u{1f600}', "The argument 'subProtocol' must be a token. Received '\u{1f600}', which contains the invalid character U+1F600"],
    [42, "The argument 'subProtocol' must be a string, null or undefined. Received 42"],
  ])('refuses %j', (subProtocol, message) => {
    expect(() => checkSubProtocol(subProtocol)).toThrow(
      expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'subProtocol', message }),
    )
  })
})
