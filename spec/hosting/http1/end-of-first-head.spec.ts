import { describe, expect, it } from '@jest/globals'
import { endOfFirstHead } from '../../../lib/hosting/http1/end-of-first-head.ts'

describe('endOfFirstHead', () => {
  it.each([
    ['GET / HTTP/1.1\r\nA: b\r\n\r\n', 'rest'],
    ['GET / HTTP/1.1\r\nA: b\r\n\r\n', ''],
    ['GET / HTTP/1.1\r\nA: b\r\n\r\n', 'A: b\r\n\r\n'],
    ['GET / HTTP/1.1\nA: b\n\n', 'rest\r\n\r\n'],
    ['b\r\nC: d\r\n\r\n', '\r\n\r\n'],
    ['\n', ''],
  ])('finds the end after the first empty line of %j', (head, rest) => {
    expect(endOfFirstHead(Buffer.from(head + rest))).toBe(head.length)
  })

  it.each(['\r\nframes\r\n\r\n', '\n\r\n', '\r\n\r\n', 'no empty line', ''])('returns nothing for %j', (chunk) => {
    expect(endOfFirstHead(Buffer.from(chunk))).toBeUndefined()
  })
})
