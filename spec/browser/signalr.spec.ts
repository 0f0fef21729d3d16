import { once } from 'node:events'
import http from 'node:http'
import type { Server } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { createSecureServer } from 'express-use-websockets/http2'
import { createSelfSignedCertificate } from '../../samples/self-signed-certificate.ts'
import { createSignalrApp } from '../../samples/signalr/app.ts'
import { launchBrowser } from './launch-browser.ts'

describe('the signalr sample, in Chromium', () => {
  it.each<[scheme: string, create: () => Promise<Server | Http2SecureServer>]>([
    ['http', async () => http.createServer(createSignalrApp())],
    ['https', async () => createSecureServer(await createSelfSignedCertificate(), createSignalrApp())],
  ])('chats over %s', async (scheme, create) => {
    const server = (await create()).listen(0, '127.0.0.1')
    const methods: (string | undefined)[] = []
    server.on('request', ({ method, httpVersion, url }: http.IncomingMessage) =>
      methods.push(`${method} ${url?.split('?')[0]} ${httpVersion}`),
    )
    await once(server, 'listening')
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage({ ignoreHTTPSErrors: true })
      await page.goto(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`)
      await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor()
      await page.getByLabel('Your name').fill('Ada')
      await page.getByLabel('Message').fill('hello <b>you</b>')
      await page.getByRole('button', { name: 'Send' }).click()
      await page.locator('#messages li').waitFor()
      expect(await page.locator('#messages li').allTextContents()).toEqual(['Ada: hello <b>you</b>'])
      expect(methods).toContain(scheme === 'http' ? 'GET /chat 1.1' : 'CONNECT /chat 2.0')
    } finally {
      await browser.close()
      server.close()
    }
  })
})
