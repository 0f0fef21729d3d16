import { describe, expect, it } from '@jest/globals'
import { useWebSockets } from 'express-use-websockets'
import type { WebSocketOptions } from 'express-use-websockets'
import { resolveWebSocketOptions } from '../../../lib/middleware/options/web-socket-options.ts'

const DEFAULTS = {
  allowedOrigins: [],
  closeAnswerTimeout: 500,
  closeTimeout: 30_000,
  keepAliveInterval: 120_000,
  keepAliveTimeout: Infinity,
  maxBufferedAmount: 67_108_864,
  maxConnections: Infinity,
  maxMessageSize: 16_777_216,
}

const predicate = (): boolean => true

describe('resolveWebSocketOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveWebSocketOptions(undefined)).toEqual(DEFAULTS)
    expect(resolveWebSocketOptions({})).toEqual(DEFAULTS)
    expect(resolveWebSocketOptions(Object.create(null) as WebSocketOptions)).toEqual(DEFAULTS)
    expect(resolveWebSocketOptions({ keepAliveInterval: undefined, allowedOrigins: undefined, maxConnections: undefined })).toEqual(
      DEFAULTS,
    )
  })

  it('accepts valid options', () => {
    const options = {
      closeAnswerTimeout: Infinity,
      closeTimeout: 0,
      keepAliveInterval: Infinity,
      keepAliveTimeout: 0.5,
      maxBufferedAmount: 1,
      maxConnections: 0,
      maxMessageSize: Infinity,
    }
    expect(resolveWebSocketOptions(options)).toEqual({ ...DEFAULTS, ...options })
  })

  it.each<[WebSocketOptions['allowedOrigins'], readonly unknown[]]>([
    [
      ['https://a.example', 'http://localhost:3000', 'https://*.b.example', '*', 'null', ''],
      ['https://a.example', 'http://localhost:3000', 'https://*.b.example', '*', 'null', ''],
    ],
    ['same-origin', ['same-origin']],
    [/https:\/\/a/, [/https:\/\/a/]],
    [
      ['chrome-extension://abcdef', 'same-origin', 'http://[::1]:80'],
      ['chrome-extension://abcdef', 'same-origin', 'http://[::1]'],
    ],
  ])('accepts the origins %j', (allowedOrigins, resolved) => {
    expect(resolveWebSocketOptions({ allowedOrigins }).allowedOrigins).toEqual(resolved)
  })

  it('accepts a predicate, alone and in a list', () => {
    expect(resolveWebSocketOptions({ allowedOrigins: predicate }).allowedOrigins).toEqual([predicate])
    expect(resolveWebSocketOptions({ allowedOrigins: [predicate] }).allowedOrigins).toEqual([predicate])
  })

  it('copies the list of origins', () => {
    const allowedOrigins = ['https://a.example']
    const resolved = resolveWebSocketOptions({ allowedOrigins })
    allowedOrigins.push('*')
    expect(resolved.allowedOrigins).toEqual(['https://a.example'])
  })

  it.each<[Record<string, unknown>, string]>([
    [
      { keepAliveInterval: -1 },
      "useWebSockets: the option 'keepAliveInterval' must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no pings). Received -1",
    ],
    [
      { keepAliveInterval: '5s' },
      "useWebSockets: the option 'keepAliveInterval' must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no pings). Received '5s'",
    ],
    [
      { keepAliveInterval: Number.NaN },
      "useWebSockets: the option 'keepAliveInterval' must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no pings). Received NaN",
    ],
    [
      { keepAliveInterval: null },
      "useWebSockets: the option 'keepAliveInterval' must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no pings). Received null",
    ],
    [
      { keepAliveTimeout: -1 },
      "useWebSockets: the option 'keepAliveTimeout' must be a number of milliseconds, 0 or more, or Infinity (0 or Infinity: no limit). Received -1",
    ],
    [
      { closeTimeout: -1 },
      "useWebSockets: the option 'closeTimeout' must be a number of milliseconds, 0 or more, or Infinity (no limit). Received -1",
    ],
    [
      { maxConnections: 1.5 },
      "useWebSockets: the option 'maxConnections' must be a number of connections, 0 or more, or Infinity. Received 1.5",
    ],
    [{ maxMessageSize: 0 }, "useWebSockets: the option 'maxMessageSize' must be a number of bytes, 1 or more, or Infinity. Received 0"],
    [
      { maxMessageSize: '16mb' },
      "useWebSockets: the option 'maxMessageSize' must be a number of bytes, 1 or more, or Infinity. Received '16mb'",
    ],
    [
      { allowedOrigins: 'https://x' },
      "useWebSockets: the option 'allowedOrigins' must be a list: write ['https://x']. Received 'https://x'",
    ],
    [
      { allowedOrigins: { origin: 'https://x' } },
      "useWebSockets: the option 'allowedOrigins' must be a list of origins, 'same-origin', a RegExp or a predicate. Received { origin: 'https://x' }",
    ],
    [
      { allowedOrigins: [42] },
      "useWebSockets: the option 'allowedOrigins' must contain strings, RegExps and predicates, not 42. Received [ 42 ]",
    ],
    [
      { allowedOrigins: ['https://x/path'] },
      "useWebSockets: the option 'allowedOrigins' must contain origins without a path: write 'https://x' instead of 'https://x/path'. Received [ 'https://x/path' ]",
    ],
    [
      { allowedOrigins: ['https://x/'] },
      "useWebSockets: the option 'allowedOrigins' must contain origins without a path: write 'https://x' instead of 'https://x/'. Received [ 'https://x/' ]",
    ],
    [
      { allowedOrigins: ['client.com'] },
      "useWebSockets: the option 'allowedOrigins' must contain origins like 'https://client.com'; 'client.com' has no scheme or no host. Received [ 'client.com' ]",
    ],
    [
      { allowedOrigins: ['https://a@b'] },
      "useWebSockets: the option 'allowedOrigins' must contain origins without a user, not 'https://a@b'. Received [ 'https://a@b' ]",
    ],
    [
      { allowedOrigins: ['https://a.*.b'] },
      "useWebSockets: the option 'allowedOrigins' must contain '*' only as the first label of the host or as the port, as in 'https://*.client.com' and 'http://localhost:*', not 'https://a.*.b'. Received [ 'https://a.*.b' ]",
    ],
    [
      { rateLimit: { messagesPerSecond: 1, messageBurst: 0 } },
      "useWebSockets: the option 'rateLimit.messageBurst' must be a number of messages, 1 or more, or Infinity. Received 0",
    ],
    [
      { rateLimit: { messagesPerSecond: 1, burst: 2 } },
      "useWebSockets: there is no option 'rateLimit.burst'. The options are: messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, whenExceeded",
    ],
    [{ keepaliveInterval: 1 }, "useWebSockets: there is no option 'keepaliveInterval'. Did you mean 'keepAliveInterval'?"],
    [{ maxPayload: 1 }, "useWebSockets: there is no option 'maxPayload'. Use 'maxMessageSize'"],
    [
      { dangerousEnableCompression: true },
      "useWebSockets: there is no option 'dangerousEnableCompression'. It is an option of acceptWebSocketAsync() and webSocketHandler()",
    ],
    [{ allowOrigins: [] }, "useWebSockets: there is no option 'allowOrigins'. Did you mean 'allowedOrigins'?"],
    [
      { constructor: 1 },
      "useWebSockets: there is no option 'constructor'. The options are: allowedOrigins, closeAnswerTimeout, closeTimeout, keepAliveInterval, keepAliveTimeout, maxBufferedAmount, maxConnections, maxMessageSize, rateLimit",
    ],
  ])('refuses %p', (options, message) => {
    const argument = /option '(.+?)'/.exec(message)?.[1]
    expect(() => useWebSockets(options as WebSocketOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_OPTION', argument, message }),
    )
  })

  it.each([null, 'options', 42, Promise.resolve({})])('throws an error for %p as options', (options) => {
    expect(() => useWebSockets(options as unknown as WebSocketOptions)).toThrow(
      expect.objectContaining({
        code: 'ERR_WEBSOCKET_INVALID_OPTION',
        message: expect.stringMatching(/^useWebSockets: the options must be an object\. Received /),
      }),
    )
  })
})
