import { afterEach, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { duplexPair } from 'node:stream'
import express from 'express'
import * as main from 'express-use-websockets'
import * as http2 from 'express-use-websockets/http2'
import * as json from 'express-use-websockets/json'
import * as testing from 'express-use-websockets/testing'
import * as ws from 'express-use-websockets/ws'
import { WebSocketServer } from 'ws'
import { closeHttp1Peers } from './support/http1-peers.ts'
import { startHttp1Server } from './support/http1-server.ts'
import { expressVersions } from './support/express-versions.ts'
import { RawHttp1Client } from './support/raw-http1.ts'

afterEach(closeHttp1Peers)

type Call = readonly [name: string, values: readonly unknown[], argument: string | undefined, code?: string]

const INVALID_OPTION = 'ERR_WEBSOCKET_INVALID_OPTION'
const app = express()
const open = (): main.ManagedWebSocket => main.ManagedWebSocket.createFromStream(duplexPair()[0])
const handler = (): void => undefined

/** Calls with invalid arguments, as plain JavaScript may make them, and the argument that the error names. */
const calls: readonly Call[] = [
  ...[null, 'options', 42].map((options): Call => ['useWebSockets', [options], undefined, INVALID_OPTION]),
  ['useWebSockets', [{ origins: [] }], 'origins', INVALID_OPTION],
  ...[undefined, null, {}, 'x'].map((value): Call => ['webSocketHandler', [value], 'handler']),
  ['webSocketHandler', [handler, 7], 'subProtocol'],
  ['webSocketHandler', [handler, { subProtocols: [] }], 'subProtocols'],
  ['webSocketHandler', [handler, { maxMessageSize: '1mb' }], 'maxMessageSize'],
  ...[undefined, null, {}, 'x', app].map((server): Call => ['webSocketServerHandler', [server], 'webSocketServer']),
  ['webSocketServerHandler', [new WebSocketServer({ noServer: true }), { maxPayload: 1 }], 'maxPayload'],
  ...[undefined, null, 'x'].map((request): Call => ['acceptWsWebSocketAsync', [request], 'request']),
  ['acceptWsWebSocketAsync', [{}], undefined, 'ERR_WEBSOCKET_NOT_SUPPORTED'],
  ...[undefined, null, 3000, {}].map((server): Call => ['attachWebSockets', [server, app, { filter: handler }], 'server']),
  ...[undefined, null, {}].map((value): Call => ['attachWebSockets', [createServer(), value, { filter: handler }], 'app']),
  ...[undefined, null, 'x'].map((options): Call => ['attachWebSockets', [createServer(), app, options], 'options']),
  ...[undefined, null, 7, {}].map((data): Call => ['prepareMessage', [data], 'data']),
  ['prepareMessage', ['text', 2], 'messageType'],
  ...[undefined, null, {}, 'x'].flatMap((webSocket): Call[] => [
    ['createWebSocketStream', [webSocket], 'webSocket'],
    ['createReadableMessageStream', [webSocket], 'webSocket'],
    ['createWritableMessageStream', [webSocket], 'webSocket'],
  ]),
  ['createWebSocketStream', [open(), null], undefined, INVALID_OPTION],
  ['createWebSocketStream', [open(), { ownsWebSocket: 1 }], 'ownsWebSocket', INVALID_OPTION],
  ['createWebSocketStream', [open(), { messageType: 2 }], 'messageType'],
  ['createWritableMessageStream', [open(), 2], 'messageType'],
  ...[undefined, null, {}, createServer()].map((stream): Call => ['createFromStream', [stream], 'stream']),
  ['createFromStream', [duplexPair()[0], null], undefined, INVALID_OPTION],
  ['createFromStream', [duplexPair()[0], { isserver: true }], 'isserver', INVALID_OPTION],
  ...[null, true].map((value): Call => [
    'createFromStream',
    [duplexPair()[0], { dangerousDeflateOptions: value }],
    'dangerousDeflateOptions',
    INVALID_OPTION,
  ]),
  ...[undefined, null, {}, 'x'].flatMap((webSocket): Call[] => [
    ['jsonMessages', [webSocket], 'webSocket'],
    ['sendJson', [webSocket, 1], 'webSocket'],
  ]),
  ...[null, 'x', {}, handler, { '~standard': {} }, { '~standard': { version: 2 } }].map((schema): Call => [
    'jsonMessages',
    [open(), schema],
    'schema',
  ]),
  ['jsonMessages', [open(), undefined, null], undefined, INVALID_OPTION],
  ['jsonMessages', [open(), undefined, { onInvalid: 'close' }], 'onInvalid', INVALID_OPTION],
  ['jsonMessages', [open(), undefined, { oninvalid: handler }], 'oninvalid', INVALID_OPTION],
  ['sendJson', [open(), undefined], 'value'],
  ['sendJson', [open(), 1, null], undefined, INVALID_OPTION],
  ['sendJson', [open(), 1, { disableCompression: 1 }], 'disableCompression', INVALID_OPTION],
  ['sendJson', [open(), 1, { signal: {} }], 'signal'],
  ...['createServer', 'createSecureServer'].flatMap((name): Call[] => [
    [name, ['x'], 'options'],
    [name, [3000], 'options'],
    [name, [{}, {}], 'app'],
    [name, [{}, 'x'], 'app'],
  ]),
  ...[undefined, null, {}].map((value): Call => ['requestWebSocket', [value, '/'], 'app']),
  ...[undefined, null, 'ws', new URL('ws://a/ws')].map((path): Call => ['requestWebSocket', [app, path], 'path']),
  ['requestWebSocket', [app, '/', null], undefined, INVALID_OPTION],
  ['requestWebSocket', [app, '/', { protocol: 'http/2' }], 'protocol', INVALID_OPTION],
  ['requestWebSocket', [app, '/', { subProtocols: 'chat' }], 'subProtocols', INVALID_OPTION],
  ['requestWebSocket', [app, '/', { subprotocols: [] }], 'subprotocols', INVALID_OPTION],
]

/** Methods of a socket, which return rejected promises. */
const methodCalls: readonly Call[] = [
  ...[undefined, null, 7, 'text'].map((buffer): Call => ['receiveAsync', [buffer], 'buffer']),
  ...[undefined, null, 7, {}].map((data): Call => ['sendAsync', [data], 'data']),
  ['sendAsync', ['text', 2], 'messageType'],
  ['sendAsync', ['text', 0, 7], 'messageFlags'],
  ...['closeAsync', 'closeOutputAsync'].flatMap((name): Call[] => [
    [name, ['1000'], 'closeStatus'],
    [name, [1006], 'closeStatus'],
    [name, [1000, 7], 'statusDescription'],
    [name, [1000, '', {}], 'signal'],
    [name, [1000, '', null], 'signal'],
  ]),
  ['receiveAsync', [Buffer.alloc(1), {}], 'signal'],
  ['sendAsync', ['text', 0, true, {}], 'signal'],
  ['sendAsync', [main.prepareMessage('text'), 0, true, {}], 'signal'],
  ['pingAsync', [{}], 'signal'],
  ['pingAsync', [1000], 'signal'],
]

const callees: Readonly<Record<string, unknown>> = {
  ...main,
  ...http2,
  ...json,
  ...testing,
  ...ws,
  createFromStream: (...values: Parameters<typeof main.ManagedWebSocket.createFromStream>) =>
    main.ManagedWebSocket.createFromStream(...values),
}

async function call(callee: unknown, values: readonly unknown[], owner?: unknown): Promise<unknown> {
  return (callee as (...parameters: readonly unknown[]) => unknown).apply(owner, values as unknown[])
}

describe('the public API', () => {
  it('has no function that is missing from this table', () => {
    const functions = Object.entries(callees).filter(([, value]) => typeof value === 'function' && !isClass(value))
    expect(functions.map(([name]) => name).toSorted()).toEqual([...new Set(calls.map(([name]) => name))].toSorted())
  })

  it.each(calls)('throws an error for %s(%j): the argument %s', async (name, values, argument, code = 'ERR_WEBSOCKET_INVALID_ARGUMENT') => {
    const error: unknown = await call(callees[name], values).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(main.WebSocketException)
    expect(error).toMatchObject({ argument, code })
  })

  it.each(methodCalls)('rejects %s(%j) of a socket, which stays open: the argument %s', async (name, values, argument) => {
    const webSocket = open()
    const method = (webSocket as unknown as Record<string, () => unknown>)[name]
    const result = method?.apply(webSocket, values as [])
    expect(result).toBeInstanceOf(Promise)
    await expect(result).rejects.toMatchObject({ argument, code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' })
    expect(webSocket.state).toBe(main.WebSocketState.Open)
    webSocket.abort()
  })

  it.each(expressVersions)('explains the mistake in app.use(useWebSockets), on %s', async (_, expressVersion) => {
    const wrong = expressVersion()
    wrong.set('env', 'test')
    wrong.use(main.useWebSockets as unknown as RequestListener)
    const client = await RawHttp1Client.connect(await startHttp1Server(wrong))
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toMatch(
      /^HTTP\/1\.1 500 .*useWebSockets: call it to make the middleware: app\.use\(useWebSockets\(\)\)/s,
    )
  })
})

function isClass(value: unknown): boolean {
  return String(value).startsWith('class ')
}
