import { expect } from '@jest/globals'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { WebSocket } from 'ws'
import { startHttp1Server } from '../support/http1-server.ts'
import type { Decision } from './decisions.ts'
import { Printer } from './stage.ts'
import type { Example } from './stage.ts'

const inAPage = { cannotRun: 'a page: spec/browser/client.spec.ts does so in Chromium and Firefox' }
const address = { "'wss://example.com/ws'": 'address' }

/** The decisions for the code blocks of the client. */
export const clientDecisions: Readonly<Record<string, Decision>> = {
  'README.md#reconnect-in-the-browser': inAPage,

  'docs/client.md#the-client-in-a-page': inAPage,
  'docs/client.md#the-client-in-a-page (2)': {
    instead: address,
    proof: async (example) => {
      const printer = new Printer()
      await connecting(example, 1, sayHelloAndClose, { console: printer.console })
      expect([await printer.line(), await printer.line()]).toEqual(['hello', '1000'])
    },
  },
  'docs/client.md#when-it-reconnects': {
    instead: { ...address, 'attempt < 10': 'attempt < 2' },
    proof: async (example) => connecting(example, 2, async (webSocket) => webSocket.closeAsync(1000)),
  },
  'docs/client.md#how-long-it-waits': async (example) => {
    const app = express().use(useWebSockets())
    await example({ app })
    await using answer = await requestWebSocket(app, '/ws')
    expect(await answer.nextMessage()).toBe(undefined)
    expect([answer.webSocket.closeStatus, answer.webSocket.closeStatusDescription]).toEqual([1013, 'Overloaded, retry-after=30'])
  },
  'docs/client.md#log-in-with-a-ticket-that-expires': inAPage,
  'docs/client.md#detect-a-dead-connection': {
    instead: { ...address, '20_000': '200' },
    proof: async (example) => {
      const received: unknown[] = []
      await connecting(example, 1, async (webSocket) => {
        for await (const message of webSocket) {
          if (received.push(message) === 2) return webSocket.closeAsync(1000)
          await webSocket.sendAsync('pong')
        }
      })
      expect(received).toEqual(['ping', 'ping'])
    },
  },
  'docs/client.md#detect-a-dead-connection (2)': async (example) => {
    const app = express().use(useWebSockets())
    await example({ app })
    await using answer = await requestWebSocket(app, '/ws')
    await answer.webSocket.sendAsync('ping')
    expect(await answer.nextMessage()).toBe('pong')
    await answer.webSocket.sendAsync('hello')
    expect(await answer.nextMessage()).toBe('You said: hello')
  },
  'docs/client.md#without-a-bundler': {
    cannotRun: 'needs the built package: spec/package bundles its ES module, and spec/browser loads that module in pages',
  },
  'docs/client.md#without-a-bundler (2)': {
    cannotRun: 'needs the built package: spec/package bundles its ES module, and spec/browser loads that module in pages',
  },
  'docs/client.md#in-nodejs': {
    instead: address,
    proof: async (example) => {
      let authorization: string | undefined
      const handler = async (webSocket: ManagedWebSocket, { headers }: Request): Promise<void> => {
        authorization = headers.authorization
        await webSocket.closeAsync(1000)
      }
      await connecting(example, 1, handler, { token: 'secret' })
      expect(authorization).toBe('Bearer secret')
    },
  },
  'lib/client/connect-web-socket.ts#connectWebSocket': {
    instead: address,
    proof: async (example) => {
      const printer = new Printer()
      await connecting(
        example,
        1,
        async (webSocket) => {
          for await (const message of webSocket) {
            expect(message).toBe('news')
            return sayHelloAndClose(webSocket)
          }
        },
        { console: printer.console },
      )
      expect(await printer.line()).toBe('hello')
    },
  },
}

async function sayHelloAndClose(webSocket: ManagedWebSocket): Promise<void> {
  await webSocket.sendAsync('hello')
  await webSocket.closeAsync(1000)
}

/** Runs a code block that connects to an address, in a process with a global WebSocket, until this many of its WebSockets were served. */
async function connecting(
  example: Example,
  count: number,
  handler: (webSocket: ManagedWebSocket, request: Request) => Promise<unknown>,
  given: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  let served = 0
  const app = express().use(useWebSockets())
  const all = new Promise<void>((resolve, reject) => {
    app.all(
      '/ws',
      webSocketHandler<Request>(async (webSocket, request) => {
        await handler(webSocket, request).catch(reject)
        if (++served === count) resolve()
      }),
    )
  })
  const { port } = await startHttp1Server(app)
  await withWebSocketClass(async () => Promise.all([example({ address: `ws://127.0.0.1:${port}/ws`, ...given }), all]))
  expect(served).toBe(count)
}

/** Runs code that needs a global WebSocket, which Node.js 20 does not have. */
export async function withWebSocketClass(run: () => Promise<unknown>): Promise<void> {
  const known = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  Object.defineProperty(globalThis, 'WebSocket', { configurable: true, value: WebSocket, writable: true })
  try {
    await run()
  } finally {
    if (known === undefined) Reflect.deleteProperty(globalThis, 'WebSocket')
    else Object.defineProperty(globalThis, 'WebSocket', known)
  }
}
