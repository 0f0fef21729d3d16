import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { createChatApp } from '../../samples/chat/app.ts'
import { launchBrowser } from './launch-browser.ts'

describe('the chat sample, in Chromium', () => {
  let browser: Browser
  let server: Server
  let origin: string

  beforeAll(async () => {
    server = createChatApp().listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })

  async function join(user: string, room: string): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(origin)
    await page.getByLabel('Your name').fill(user)
    await page.getByLabel('Room').fill(room)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText(`${user}: joined`).waitFor()
    return page
  }

  it('shows the messages of a room to its members', async () => {
    const ada = await join('ada', 'lobby')
    const bob = await join('bob', 'lobby')
    const eve = await join('eve', 'garden')

    await bob.getByLabel('Message').fill('hello')
    await bob.getByRole('button', { name: 'Send' }).click()
    await ada.getByText('bob: hello').waitFor()
    await bob.close()
    await ada.getByText('bob: left').waitFor()

    expect(await ada.locator('#messages li').allTextContents()).toEqual(['ada: joined', 'bob: joined', 'bob: hello', 'bob: left'])
    expect(await eve.locator('#messages li').allTextContents()).toEqual(['eve: joined'])
  })
})
