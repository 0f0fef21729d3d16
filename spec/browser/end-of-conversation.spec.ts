import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { createSecureServer } from 'express-use-websockets/http2'
import { launch } from 'puppeteer-core'
import type { Browser, Page } from 'puppeteer-core'
import { createSelfSignedCertificate } from '../../samples/self-signed-certificate.ts'
import { CHROMIUM_ARGUMENTS } from './launch-browser.ts'

/** The handlers, by path. */
const handlers: Readonly<Record<string, (webSocket: ManagedWebSocket) => Promise<unknown>>> = {
  loop: async (webSocket) => {
    for await (const message of webSocket) await webSocket.sendAsync(message)
  },
  receive: async (webSocket) => {
    for (const buffer = Buffer.alloc(100); ;) {
      const { closeStatus, count } = await webSocket.receiveAsync(buffer)
      if (closeStatus !== null) break
      await webSocket.sendAsync(buffer.toString('utf8', 0, count))
    }
  },
  nothing: async (webSocket) => webSocket.sendAsync('hello'),
  using: async (webSocket) => {
    await using used = webSocket
    for await (const message of used) {
      await used.sendAsync(message)
      break
    }
  },
}

describe.each([
  ['HTTP/1.1', ['--disable-http2']],
  ['HTTP/2', []],
])('Chromium over %s', (_, args) => {
  let browser: Browser
  let page: Page
  let close: () => void

  beforeAll(async () => {
    const app = express().use(useWebSockets())
    app.get('/', (_req, res) => void res.send('page'))
    app.all('/ws/:handler', async (req) => {
      const context = { dangerousEnableCompression: 'compressed' in req.query }
      await handlers[req.params.handler]?.(await req.webSockets.acceptWebSocketAsync(context))
    })
    const server = createSecureServer(await createSelfSignedCertificate(), app)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    close = () => server.close()
    browser = await launch({
      browser: 'chrome',
      executablePath: '/usr/bin/chromium',
      args: [...CHROMIUM_ARGUMENTS, ...args],
      headless: true,
      acceptInsecureCerts: true,
    })
    page = await browser.newPage()
    await page.goto(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })

  afterAll(async () => {
    await browser.close()
    close()
  })

  const cases = ['', '?compressed'].flatMap((query): [path: string, code: string, seen: number][] => [
    [`loop${query}`, '', 1005],
    [`loop${query}`, '4000', 4000],
    [`receive${query}`, '4000', 4000],
    [`nothing${query}`, '', 1005],
    [`nothing${query}`, '4000', 4000],
    [`using${query}`, '4000', 1005],
  ])

  it.each(cases)('sees a clean close if it closes /ws/%s with %p', async (path, code, seen) => {
    const converse = `new Promise((resolve) => {
      const webSocket = new WebSocket('wss://' + location.host + '/ws/${path}')
      webSocket.onopen = () => webSocket.send('hello')
      // Wait for the handler, because an echo that leaves its loop with a break closes first.
      webSocket.onmessage = () => setTimeout(() => webSocket.close(${code}), 50)
      webSocket.onclose = ({ code, wasClean }) => resolve([code, wasClean])
    })`
    expect(await page.evaluate(converse)).toEqual([seen, true])
  })
})
