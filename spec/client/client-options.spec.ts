import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { connectWebSocket } from 'express-use-websockets/client'
import type { ReconnectingWebSocketOptions } from 'express-use-websockets/client'
import { WebSocket } from 'undici'

describe('connectWebSocket', () => {
  it.each([undefined, null, '', 'example.com', '/ws', 'ftp://example.com', 42, {}])('refuses the address %p', (address) => {
    expect(errorOf(address)).toMatchObject({
      name: 'TypeError',
      code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
      argument: 'address',
      message: expect.stringMatching(/^connectWebSocket: 'address' must be a ws: URL or a function\. Received /),
    })
  })

  const numbers = ['baseDelay', 'maxDelay', 'connectTimeout', 'maxQueuedMessages', 'maxQueuedBytes', 'pingInterval']
  const invalid: readonly (readonly [option: string, value: unknown, type: string])[] = [
    ...numbers.flatMap((name) => [null, '5', '5s', NaN, -1, Infinity, 1e10, 5n, {}].map((value) => [name, value, 'number'] as const)),
    ...[null, 1, {}].map((value) => ['pingMessage', value, 'string'] as const),
    ...[null, 1, {}, 'pong'].map((value) => ['isPong', value, 'function'] as const),
    ...[null, true, {}].map((value) => ['shouldReconnect', value, 'function'] as const),
    ...[null, 'ws', {}, Object.create(null)].map((value) => ['WebSocket', value, 'function'] as const),
  ]

  it.each(invalid)('throws an error for the option %s: %p', (name, value, type) => {
    expect(errorOf('ws://127.0.0.1/', { [name]: value })).toMatchObject({
      code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
      argument: name,
      message: expect.stringContaining(`'${name}' must be a ${type}`),
    })
  })

  it.each(['basedelay', 'protocols', 'retry', '0', 'toString', 'constructor', '__proto__'])(
    'throws an error for the unknown option %s',
    (name) => {
      expect(errorOf('ws://127.0.0.1/', { [name]: 1 })).toMatchObject({
        argument: name,
        message: `connectWebSocket: '${name}' must be a known option. Received 1`,
      })
    },
  )

  it.each([null, 5, true, 'signal'])('throws an error for %p as options', (options) => {
    const given: unknown = options
    expect(() => connectWebSocket('ws://127.0.0.1/', given as ReconnectingWebSocketOptions)).toThrow(
      expect.objectContaining({
        argument: 'options',
        code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
        message: `connectWebSocket: 'options' must be an object. Received ${String(options)}`,
      }),
    )
  })

  describe('where there is no global WebSocket, as on Node.js 20', () => {
    const global = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')

    beforeAll(() => void Reflect.deleteProperty(globalThis, 'WebSocket'))

    afterAll(() => void (global && Object.defineProperty(globalThis, 'WebSocket', global)))

    it.each([{}, { WebSocket: undefined }, { baseDelay: 5 }])('asks for one, or for Node.js 22: %j', (options) => {
      expect(() => connectWebSocket('ws://127.0.0.1/', options as object)).toThrow(
        expect.objectContaining({
          code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
          argument: 'WebSocket',
          message: "connectWebSocket: 'WebSocket' must be given on Node.js 20. Received undefined",
        }),
      )
    })

    it('takes one', () => {
      const client = connectWebSocket('ws://127.0.0.1/', { WebSocket })
      client.close()
      expect(client.state).toBe('closed')
    })
  })

  it.each([null, 5, 'signal', {}])('throws an error for the signal %p', (signal) => {
    expect(errorOf('ws://127.0.0.1/', { signal })).toBeInstanceOf(TypeError)
  })

  it('treats undefined like an omitted option', () => {
    const client = connectWebSocket('ws://127.0.0.1/', { WebSocket, baseDelay: undefined } as unknown as ReconnectingWebSocketOptions)
    client.close()
    expect(client.state).toBe('closed')
  })

  it.each([undefined, null, 7, true, {}, [1]])('throws an error if it sends %p, and stays open', (value) => {
    const client = connectWebSocket('ws://127.0.0.1/', { WebSocket })
    const data: unknown = value
    for (const call of [() => client.send(data as string), () => client.subscribe(data as string)])
      expect(call).toThrow(/^connectWebSocket: 'data' must be text or bytes/)
    expect(client.send('text')).toBe(true)
    client.close()
  })
})

/** Returns the error. Passes `ws` as the class if there is no global WebSocket. */
function errorOf(address: unknown, options: object = {}): unknown {
  try {
    connectWebSocket(address as string, { WebSocket, ...options }).close()
  } catch (error) {
    return error
  }
  return undefined
}
