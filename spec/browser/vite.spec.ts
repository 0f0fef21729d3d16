import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { launchBrowser } from './launch-browser.ts'

const sourceOf = (text: string): string => `
export const text = '${text}'
document.getElementById('text').textContent = text
if (import.meta.hot) import.meta.hot.accept()
`

describe('beside the dev server of Vite, in Chromium', () => {
  it('serves its own WebSocket, and leaves hot module replacement to Vite', async () => {
    // In the project, so that Vite finds its own package.
    const folder = mkdtempSync(join(__dirname, 'vite/page-'))
    writeFileSync(join(folder, 'index.html'), '<p id="text"></p><script type="module" src="/module.js"></script>')
    writeFileSync(join(folder, 'module.js'), sourceOf('before'))
    const child = spawn(process.execPath, ['-r', 'esbuild-register', join(__dirname, 'vite/server.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const browser = await launchBrowser()
    try {
      const [port] = (await once(child.stdout, 'data')) as [Buffer]
      const page = await browser.newPage()
      const hot = new Promise<string>((resolve) => {
        page.on(
          'websocket',
          (webSocket) =>
            webSocket.url().includes('token') &&
            webSocket.on('framereceived', ({ payload }) => String(payload).includes('update') && resolve(String(payload))),
        )
      })
      const connected = page.waitForEvent('console', (message) => message.text().includes('[vite] connected'))
      await page.goto(`http://127.0.0.1:${Number(String(port))}/`)
      await connected
      await page.locator('#text').filter({ hasText: 'before' }).waitFor()
      const echo = `new Promise((resolve) => {
        const webSocket = new WebSocket('ws://' + location.host + '/ws')
        webSocket.onopen = () => webSocket.send('ours')
        webSocket.onmessage = ({ data }) => resolve(data)
        webSocket.onclose = ({ code }) => resolve(code)
      })`
      expect(await page.evaluate(echo)).toBe('ours')
      writeFileSync(join(folder, 'module.js'), sourceOf('after'))
      expect(JSON.parse(await hot)).toMatchObject({ type: 'update' })
      await page.locator('#text').filter({ hasText: 'after' }).waitFor()
      expect(await page.evaluate(echo)).toBe('ours')
    } finally {
      await browser.close()
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
