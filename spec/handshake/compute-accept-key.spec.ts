import { describe, expect, it } from '@jest/globals'
import { computeAcceptKey } from '../../lib/handshake/compute-accept-key.ts'

describe('computeAcceptKey', () => {
  it('returns the accept key of the example in RFC 6455, section 1.3', () => {
    expect(computeAcceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  })
})
