import { once } from 'node:events'
import type { Http2SecureServer, Http2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets } from 'express-use-websockets'
import { createSecureServer } from 'express-use-websockets/http2'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { launch } from 'puppeteer-core'
import { createEchoApp } from '../../samples/echo/app.ts'
import { createSelfSignedCertificate } from '../../samples/self-signed-certificate.ts'
import { CHROMIUM_ARGUMENTS } from './launch-browser.ts'

/** Code for a page that opens WebSockets at `/ws` one after another, sends much compressible text, and closes at once. */
const CLOSE_MANY = `(async () => {
  const codes = []
  for (let count = 0; count < 20; count++) {
    const webSocket = new WebSocket(location.origin.replace('http', 'ws') + '/ws')
    await new Promise((resolve) => (webSocket.onopen = resolve))
    for (let message = 0; message < 20; message++) webSocket.send('to be inflated '.repeat(5000))
    webSocket.close(4000)
    codes.push((await new Promise((resolve) => (webSocket.onclose = resolve))).code)
  }
  return codes
})()`

const closers: (() => Promise<unknown> | undefined)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** An application over HTTPS, HTTP/2 and HTTP/1.1, and the requests that its server has seen. */
async function start(app: Express) {
  const server: Http2SecureServer = createSecureServer(await createSelfSignedCertificate(), app)
  const sessions: Http2Session[] = []
  const connectSessions: (Http2Session | undefined)[] = []
  server.on('session', (session) => sessions.push(session))
  server.on('stream', (stream, headers) => {
    if (headers[':protocol'] === 'websocket') connectSessions.push(stream.session)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    await new Promise(setImmediate)
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sessions, connectSessions }
}

const browsers = [
  ['Chromium', { browser: 'chrome', executablePath: '/usr/bin/chromium', args: CHROMIUM_ARGUMENTS }],
  ['Firefox', { browser: 'firefox', executablePath: '/usr/bin/firefox-esr' }],
] as const

describe.each(browsers)('the echo sample over HTTP/2, in %s', (_name, { ...options }) => {
  it('uses the HTTP/2 connection of the page, and closes with code and reason', async () => {
    const { origin, sessions, connectSessions } = await start(createEchoApp())
    const browser = await launch({
      ...options,
      args: 'args' in options ? [...options.args] : [],
      headless: true,
      acceptInsecureCerts: true,
    })
    closers.push(async () => browser.close())
    const page = await browser.newPage()
    await page.goto(origin)
    await page.waitForSelector('#connect')
    await page.click('#connect')
    await page.waitForFunction("document.getElementById('state').textContent === 'Open, over HTTP/2'")
    await page.type('#message', 'over HTTP/2')
    await page.click('#send')
    await page.waitForSelector('#log tr:nth-child(3)')
    // A megabyte, which exceeds the initial flow-control window of HTTP/2.
    await page.evaluate(
      "const m = document.getElementById('message'); m.value = 'x'.repeat(1_000_000); document.getElementById('send').click()",
    )
    await page.waitForSelector('#log tr:nth-child(5)')
    await page.click('#close')
    await page.waitForSelector('[data-state="closed"]')
    const cells = (await page.evaluate(
      "Array.from(document.querySelectorAll('#log td:last-child'), (cell) => cell.textContent)",
    )) as string[]
    expect([cells[1], cells[2]]).toEqual(['over HTTP/2', 'over HTTP/2'])
    expect([cells[3]?.length, cells[4]?.length]).toEqual([1_000_000, 1_000_000])
    expect(cells.at(-1)).toBe('Connection closed: code 1000, reason "Closing from client"')
    // One WebSocket, over HTTP/2, on the session of the page.
    expect(connectSessions).toEqual([sessions[0]])
    expect(sessions.length).toBe(1)
  })
})

describe('a compressed WebSocket of ws over HTTP/2 in Chromium, which sends END_STREAM with its Close frame', () => {
  it('is closed with the code of the page', async () => {
    const app = express()
    app.use(useWebSockets())
    app.get('/', (_req, res) => void res.send('a page'))
    app.all('/ws', async (req) => {
      const ws = await acceptWsWebSocketAsync(req, { dangerousEnableCompression: true })
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))
    })
    const { origin, connectSessions } = await start(app)
    const browser = await launch({ ...browsers[0][1], args: CHROMIUM_ARGUMENTS, headless: true, acceptInsecureCerts: true })
    closers.push(async () => browser.close())
    const page = await browser.newPage()
    await page.goto(origin)
    expect(await page.evaluate(CLOSE_MANY)).toEqual(Array.from({ length: 20 }, () => 4000))
    expect(connectSessions.length).toBe(20)
  })
})
