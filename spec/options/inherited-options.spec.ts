import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { createWebSocketStream, ManagedWebSocket, useWebSockets, webSocketHandler } from 'express-use-websockets'
import { WebSocketGroup } from 'express-use-websockets/groups'
import { jsonMessages, sendJson } from 'express-use-websockets/json'
import { requestWebSocket } from 'express-use-websockets/testing'
import { openInMemory } from '../support/web-socket-pairs.ts'

describe('options that an object inherits', () => {
  it.each<[name: string, inherited: object, call: (options: object) => unknown]>([
    ['closeAsync()', { closeStatus: 7, closeStatusDescription: 7, timeout: -1 }, (options) => useWebSockets().closeAsync(options)],
    ['webSocketHandler()', { otherRequests: 7 }, (options) => webSocketHandler(() => undefined, undefined, options)],
    [
      'createFromStream()',
      { dangerousDeflateOptions: 7, subProtocol: 7, isServer: 7 },
      (options) => ManagedWebSocket.createFromStream(new PassThrough(), options).abort(),
    ],
    [
      'createWebSocketStream()',
      { messageType: 7, closeTimeout: -1 },
      (options) => createWebSocketStream(openInMemory().webSocket, options),
    ],
    ['new WebSocketGroup()', { name: 7, onPresence: 7 }, (options) => new WebSocketGroup(options)],
    ['send() of a group', { except: 7, messageType: 7 }, (options) => new WebSocketGroup().send('text', options)],
    ['jsonMessages()', { onInvalid: 7 }, (options) => jsonMessages(openInMemory().webSocket, undefined, options)],
    ['sendJson()', { disableCompression: 7, signal: 7 }, (options) => sendJson(openInMemory().webSocket, {}, options)],
    [
      'requestWebSocket()',
      { protocol: 7, subProtocols: 7 },
      async (options) => (await requestWebSocket((_req, res) => res.end(), '/', options)).closeAsync(),
    ],
  ])('have no effect: %s', async (_name, inherited, call) => {
    await expect((async () => void (await call(inherited)))()).rejects.toHaveProperty('code')
    await expect((async () => void (await call(Object.create(inherited) as object)))()).resolves.toBeUndefined()
  })

  it('do not make a stream the owner of its WebSocket', async () => {
    const { webSocket } = openInMemory()
    createWebSocketStream(webSocket, Object.create({ closeTimeout: 0 }) as object).destroy()
    await new Promise(setImmediate)
    expect(webSocket.state).toBe(2)
  })
})
