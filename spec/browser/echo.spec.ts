import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import helmet from 'helmet'
import type { Browser, Page } from 'playwright-core'
import { createEchoApp } from '../../samples/echo/app.ts'
import { launchBrowser } from './launch-browser.ts'

describe('the echo sample, in Chromium', () => {
  let browser: Browser
  let server: Server
  let page: Page
  let origin: string
  const pageErrors: Error[] = []

  beforeAll(async () => {
    server = createEchoApp().listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })

  beforeEach(async () => {
    page = await browser.newPage()
    page.on('pageerror', (error) => pageErrors.push(error))
    await page.goto(origin)
  })

  afterEach(async () => {
    await page.close()
    const [pageError] = pageErrors.splice(0)
    if (pageError !== undefined) throw pageError
  })

  async function untilState(words: string): Promise<void> {
    await page.getByRole('status').filter({ hasText: words }).waitFor()
  }

  async function connect(): Promise<void> {
    await page.getByRole('button', { name: 'Connect' }).click()
    await untilState('Open')
  }

  async function untilRows(count: number): Promise<string[][]> {
    await page.locator(`#log tr:nth-child(${count})`).waitFor()
    const cells = await page.locator('#log td').allTextContents()
    return Array.from({ length: cells.length / 3 }, (_, row) => cells.slice(3 * row, 3 * row + 3))
  }

  it('suggests the address of its own server', async () => {
    expect(await page.getByLabel('WebSocket server URL').inputValue()).toBe(`${origin.replace('http', 'ws')}/ws`)
    expect(await page.getByRole('status').textContent()).toBe('Ready to connect')
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
  })

  it('sends, receives and logs in order, and shows markup as text', async () => {
    await connect()
    const messages = ['hello', '<script>document.body.remove()</script>', '\u{1F44B} gr\u00fc\u00dfe', '']
    for (const [index, message] of messages.entries()) {
      await page.getByLabel('Message to send').fill(message)
      await page.getByRole('button', { name: 'Send' }).click()
      await untilRows(3 + 2 * index)
    }
    const [opened, ...rows] = await untilRows(1 + 2 * messages.length)
    expect(opened?.[2]).toBe('Connection opened')
    expect(rows).toEqual(
      messages.flatMap((message) => [
        ['Client', 'Server', message],
        ['Server', 'Client', message],
      ]),
    )
  })

  it('closes with a code and a reason', async () => {
    await connect()
    await page.getByLabel('Close code').fill('3001')
    await page.getByLabel('Reason').fill('bye')
    await page.getByRole('button', { name: 'Close Socket' }).click()
    await untilState('Closed')
    expect((await untilRows(3)).slice(1)).toEqual([
      ['Client', 'Server', 'Closing: code 3001, reason "bye"'],
      ['Server', 'Client', 'Connection closed: code 3001, reason "bye"'],
    ])
  })

  it.each([
    ['ServerClose', 'Connection closed: code 1000, reason "Closing from Server"'],
    ['ServerAbort', 'Connection closed without a close handshake: code 1006'],
  ])('shows how the server ends the connection at %s, and reconnects', async (command, closed) => {
    await connect()
    await page.getByLabel('Message to send').fill(command)
    await page.getByRole('button', { name: 'Send' }).click()
    await untilState('Closed')
    expect((await untilRows(3)).at(-1)).toEqual(['Server', 'Client', closed])
    await connect()
  })

  it('negotiates compression, and echoes a megabyte of text through it', async () => {
    const echo = `new Promise((resolve) => {
      const webSocket = new WebSocket('${origin.replace('http', 'ws')}/ws?compression')
      const text = 'All work and no play makes Jack a dull boy. '.repeat(24_000).slice(0, 1_048_576)
      webSocket.onopen = () => webSocket.send(text)
      webSocket.onmessage = ({ data }) => webSocket.close(1000, String(data === text))
      webSocket.onclose = ({ code, reason }) => resolve([webSocket.extensions, code, reason])
    })`
    expect(await page.evaluate(echo)).toEqual(['permessage-deflate; client_max_window_bits=15', 1000, 'true'])
  })

  it('says why it cannot connect', async () => {
    await page.getByLabel('WebSocket server URL').fill('ftp://example.com')
    await page.getByRole('button', { name: 'Connect' }).click()
    expect((await untilRows(1))[0]?.[2]).toContain('Cannot connect')
    await page.getByLabel('WebSocket server URL').fill(`${origin.replace('http', 'ws')}/nowhere`)
    await page.getByRole('button', { name: 'Connect' }).click()
    expect((await untilRows(2))[1]?.[2]).toContain('code 1006')
  })

  it('can be used with the keyboard alone', async () => {
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await untilState('Open')
    await page.keyboard.type('typed')
    await page.keyboard.press('Enter')
    expect((await untilRows(3)).slice(1).map(([, , data]) => data)).toEqual(['typed', 'typed'])
    // Send, code, reason, Close Socket.
    for (let presses = 0; presses < 4; presses++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await untilState('Closed')
    expect((await untilRows(5)).at(-1)?.[2]).toBe('Connection closed: code 1000, reason "Closing from client"')
  })

  it('works under the content security policy of helmet', async () => {
    const guarded = express().use(helmet()).use(createEchoApp()).listen(0, '127.0.0.1')
    await once(guarded, 'listening')
    try {
      await page.goto(`http://127.0.0.1:${(guarded.address() as AddressInfo).port}`)
      await connect()
      await page.getByLabel('Message to send').fill('allowed')
      await page.getByRole('button', { name: 'Send' }).click()
      expect((await untilRows(3)).slice(1).map(([, , data]) => data)).toEqual(['allowed', 'allowed'])
    } finally {
      guarded.close()
      guarded.closeAllConnections()
    }
  })

  it('shows the length of a binary message', async () => {
    const sender = express().use(useWebSockets())
    sender.use(
      webSocketHandler(async (webSocket) => {
        await webSocket.sendAsync(Buffer.alloc(1000))
        await webSocket.completion
      }),
    )
    const other = sender.listen(0, '127.0.0.1')
    await once(other, 'listening')
    try {
      await page.getByLabel('WebSocket server URL').fill(`ws://127.0.0.1:${(other.address() as AddressInfo).port}`)
      await connect()
      expect((await untilRows(2))[1]).toEqual(['Server', 'Client', 'Binary message: 1000 bytes'])
    } finally {
      other.close()
      other.closeAllConnections()
    }
  })

  it('says why it cannot close, and stays open', async () => {
    await connect()
    await page.getByLabel('Reason').fill('x'.repeat(124))
    await page.getByRole('button', { name: 'Close Socket' }).click()
    expect((await untilRows(2))[1]?.[2]).toContain('Cannot close')
    await untilState('Open')
  })

  it('keeps the message field and the last row in view on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await connect()
    for (let count = 0; count < 12; count++) {
      await page.getByLabel('Message to send').fill(`message ${count}`)
      await page.getByLabel('Message to send').press('Enter')
      await untilRows(3 + 2 * count)
    }
    const isInView = `(selector) => {
      const { top, bottom } = document.querySelector(selector).getBoundingClientRect()
      return top >= 0 && bottom <= window.innerHeight
    }`
    expect(await page.evaluate(`(${isInView})('#message')`)).toBe(true)
    expect(await page.evaluate(`(${isInView})('#log tr:last-child')`)).toBe(true)
  })

  it.each([
    ['a phone', { width: 390, height: 844 }],
    ['a desktop', { width: 1280, height: 800 }],
  ])('fits %s without scrolling sideways', async (_device, size) => {
    await page.setViewportSize(size)
    await connect()
    await page.getByLabel('Message to send').fill('w'.repeat(500))
    await page.getByRole('button', { name: 'Send' }).click()
    await untilRows(3)
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
  })
})
