import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import type { Browser, Page } from 'playwright-core'
import { createBackgroundServiceApp } from '../../samples/background-service/app.ts'
import { BackgroundSocketProcessor } from '../../samples/background-service/background-socket-processor.ts'
import { createDashboardApp } from '../../samples/dashboard/app.ts'
import { LatestValue } from '../../samples/dashboard/latest-value.ts'
import { createGraphqlApp } from '../../samples/graphql/app.ts'
import { serveClient } from '../../samples/serve-client.ts'
import { createSignalrApp } from '../../samples/signalr/app.ts'
import { createUploadApp } from '../../samples/stream-upload/app.ts'
import { closeRestartableServers, RestartableServer } from '../client/restartable-server.ts'
import { launchBrowser } from './launch-browser.ts'

const folder = mkdtempSync(join(tmpdir(), 'sample-pages-'))
const processor = new BackgroundSocketProcessor(50)
const latest = new LatestValue()
const publishing = setInterval(() => latest.publish(JSON.stringify({ load: 0.5, memory: 50, heap: 31_457_280 })), 50)

const LONG_WORD = 'w'.repeat(200)

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  processor.stop()
  clearInterval(publishing)
  rmSync(folder, { recursive: true })
})

afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await closeRestartableServers()
})

/** The page of the chat, with a server that echoes messages and rejects more than 4096 bytes, as the sample does. */
function createChatPage(onJoin: (webSocket: ManagedWebSocket) => Promise<unknown> = async () => undefined): Express {
  const app = express().use(useWebSockets({ maxMessageSize: 4096 }))
  app.get('/connect-web-socket.js', serveClient)
  app.use(express.static(join(__dirname, '../../samples/chat/public')), express.static(join(__dirname, '../../samples/public')))
  app.all(
    '/rooms/:room',
    webSocketHandler<Request>(async (webSocket, { query: { user } }) => {
      await webSocket.sendAsync(JSON.stringify({ user, text: 'joined' }))
      await onJoin(webSocket)
      for await (const text of webSocket) await webSocket.sendAsync(JSON.stringify({ user, text: String(text) }))
    }),
  )
  return app
}

async function joinChat(page: Page): Promise<void> {
  await page.getByLabel('Your name').fill('Ada')
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByText('Ada: joined').waitFor()
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

async function untilState(page: Page, words: string): Promise<void> {
  await page.locator('#state').filter({ hasText: words }).waitFor()
}

/** Uses each page until it shows a long text. */
const samples: readonly (readonly [name: string, createApp: () => Express, use: (page: Page) => Promise<void>])[] = [
  [
    'background-service',
    () => createBackgroundServiceApp(processor),
    async (page) => {
      await untilState(page, 'Connected')
      await page.locator('#time').filter({ hasText: ':' }).waitFor()
      await say(page, LONG_WORD)
      await page.getByText(`You said: ${LONG_WORD}`).waitFor()
    },
  ],
  [
    'chat',
    createChatPage,
    async (page) => {
      await joinChat(page)
      await say(page, LONG_WORD)
      await page.getByText(`Ada: ${LONG_WORD}`).waitFor()
    },
  ],
  [
    'dashboard',
    () => createDashboardApp(latest),
    async (page) => {
      await untilState(page, 'Live')
      expect(await page.locator('dd').allTextContents()).toEqual(['0.50', '50 %', '30.0 MiB'])
    },
  ],
  [
    'graphql',
    createGraphqlApp,
    async (page) => {
      await page.getByRole('button', { name: 'Run' }).click()
      await untilState(page, 'Done')
      expect(await page.locator('li').allTextContents()).toEqual([3, 2, 1, 0].map((countdown) => JSON.stringify({ data: { countdown } })))
      await page.getByLabel('Operation').fill(`{ ${LONG_WORD} }`)
      await page.getByRole('button', { name: 'Run' }).click()
      await page.getByText(`Error: Cannot query field "${LONG_WORD}"`).waitFor()
    },
  ],
  [
    'signalr',
    createSignalrApp,
    async (page) => {
      await untilState(page, 'Connected')
      await page.getByLabel('Your name').fill('Ada')
      await say(page, LONG_WORD)
      await page.getByText(`Ada: ${LONG_WORD}`).waitFor()
    },
  ],
  [
    'stream-upload',
    () => createUploadApp(folder),
    async (page) => {
      await untilState(page, 'Connected')
      const file = join(folder, LONG_WORD)
      writeFileSync(file, 'x'.repeat(1234))
      await page.setInputFiles('#files', file)
      await page.getByRole('button', { name: 'Upload' }).click()
      await page.getByText(`${LONG_WORD}: 1,234 bytes, saved as upload-1`).waitFor()
    },
  ],
]

const screens = [
  ['a phone, light', { width: 390, height: 844 }, 'light'],
  ['a phone, dark', { width: 390, height: 844 }, 'dark'],
  ['a desktop, light', { width: 1280, height: 800 }, 'light'],
  ['a desktop, dark', { width: 1280, height: 800 }, 'dark'],
] as const

describe.each(samples)('the page of the sample %s, in Chromium', (_name, createApp, use) => {
  it.each(screens)('works and fits on %s', async (_screen, viewport, colorScheme) => {
    const { port } = await RestartableServer.start(createApp())
    const page = await browser.newPage({ viewport, colorScheme })
    const errors: unknown[] = []
    page.on('pageerror', (error) => errors.push(error))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await page.goto(`http://127.0.0.1:${port}/`)
    const icon = await page.evaluate(
      "fetch(document.querySelector('link[rel=icon]').href).then(({ headers }) => headers.get('content-type'))",
    )
    expect(icon).toContain('image/svg+xml')
    await use(page)
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
    // Light text on a dark background, or the reverse.
    const [text, ground] = await page.evaluate<[number, number]>(
      "['color', 'backgroundColor'].map((name) => Number(/\\d+/.exec(getComputedStyle(document.body)[name])))",
    )
    expect(text > ground).toBe(colorScheme === 'dark')
    expect(errors).toEqual([])
  })
})

describe('the page of the chat, in Chromium', () => {
  async function open(onJoin?: (webSocket: ManagedWebSocket) => Promise<unknown>): Promise<{ page: Page; server: RestartableServer }> {
    const server = await RestartableServer.start(createChatPage(onJoin))
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${server.port}/`)
    return { page, server }
  }

  it('validates names of rooms with a valid pattern', async () => {
    const { page } = await open()
    const isValid = async (name: string): Promise<unknown> => {
      await page.getByLabel('Room').fill(name)
      return page.evaluate("document.getElementById('room').checkValidity()")
    }
    expect([await isValid('lobby-2'), await isValid('The Lobby'), await isValid('a/b')]).toEqual([true, false, false])
  })

  it('joins again when the server is back, and sends what was written meanwhile', async () => {
    const { page, server } = await open()
    await joinChat(page)
    await server.kill()
    await untilState(page, 'trying again')
    await say(page, 'meanwhile')
    await untilState(page, 'the message will be sent')
    await server.start()
    await untilState(page, 'In lobby')
    await page.getByText('Ada: meanwhile').waitFor()
    expect(await page.locator('#messages li').allTextContents()).toEqual(['Ada: joined', 'Ada: joined', 'Ada: meanwhile'])
  })

  it('says why a message was refused by the page, by the server, or with a close', async () => {
    const { page } = await open(async (webSocket) => webSocket.sendAsync('{ "refused": "you write too fast" }'))
    await joinChat(page)
    await page.getByRole('alert').filter({ hasText: 'Not sent: you write too fast' }).waitFor()
    await say(page, '\u00fc'.repeat(2049))
    await page.getByRole('alert').filter({ hasText: 'Not sent: the message has 4098 bytes, but the limit is 4096.' }).waitFor()
    expect(await page.locator('#messages li').count()).toBe(1)
  })

  it.each<[code: number, reason: string, state: string, words: string]>([
    [1008, 'no insults', 'Not connected', 'The server closed the connection: no insults'],
    [1009, '', 'In lobby', 'The server closed the connection: the message is too long'],
  ])('says why the server has closed with %s', async (code, reason, state, words) => {
    let isFirst = true
    const { page } = await open(async (webSocket) => {
      if (isFirst) await webSocket.closeAsync(code, reason)
      isFirst = false
    })
    await joinChat(page)
    await untilState(page, state)
    expect(await page.getByRole('alert').textContent()).toBe(words)
  })

  it('says when Redis is unavailable, and stops saying so when it is back', async () => {
    const { page } = await open(async (webSocket) => {
      await webSocket.sendAsync('{ "engine": "gone" }')
      for await (const _message of webSocket) return webSocket.sendAsync('{ "engine": "here" }')
    })
    await joinChat(page)
    await page.getByText('Redis is gone').waitFor()
    await say(page, 'go on')
    await page.getByText('Redis is gone').waitFor({ state: 'hidden' })
    expect(await page.locator('#engine').textContent()).toBe('')
  })
})

describe('the page of the dashboard, in Chromium', () => {
  it('greys out old values, and shows that it is reconnecting', async () => {
    const server = await RestartableServer.start(createDashboardApp(latest))
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${server.port}/`)
    const look = async (): Promise<unknown> =>
      page.evaluate(
        "['#load', '#state'].map((name) => getComputedStyle(document.querySelector(name))).map(({ color, opacity }) => color + opacity)",
      )
    await untilState(page, 'Live')
    const live = await look()
    await server.kill()
    await untilState(page, 'trying again')
    expect(await page.locator('.stale').count()).toBe(3)
    await page.getByText(/^These values are from/).waitFor()
    expect(new Set([...((await look()) as string[]), ...(live as string[])]).size).toBe(4)
    await server.start()
    await untilState(page, 'Live')
    expect(await page.locator('.stale').count()).toBe(0)
    expect(await look()).toEqual(live)
  })
})
