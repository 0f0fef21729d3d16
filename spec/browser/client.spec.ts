import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { build } from 'esbuild'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { launch } from 'puppeteer-core'
import type { Browser, Page } from 'puppeteer-core'
import { closeRestartableServers, RestartableServer } from '../client/restartable-server.ts'
import { closeTcpLinks, TcpLink } from '../support/tcp-link.ts'
import { until } from '../support/until.ts'
import { CHROMIUM_ARGUMENTS } from './launch-browser.ts'

const browsers = [
  ['Chromium', { browser: 'chrome', executablePath: '/usr/bin/chromium', args: CHROMIUM_ARGUMENTS }],
  ['Firefox', { browser: 'firefox', executablePath: '/usr/bin/firefox-esr', args: [] }],
] as const

/** The setup of the page. It logs what its client does, and errors, of which there should be none. */
const PAGE = `<!doctype html><title>A page</title><link rel="icon" href="data:,"><script type="module">
  import { connectWebSocket } from '/client.mjs'
  window.log = []
  window.onerror = (message) => log.push('error ' + message)
  window.onunhandledrejection = ({ reason }) => log.push('rejection ' + reason)
  window.start = (address, options) => {
    const client = (window.client = connectWebSocket(address, { baseDelay: 10, maxDelay: 200, ...options }))
    client.addEventListener('open', () => log.push('open'))
    client.addEventListener('message', ({ data }) => log.push(typeof data === 'string' ? data : 'bytes ' + data.byteLength))
    client.addEventListener('close', ({ code, reason, retryDelay }) => {
      if (retryDelay === null) log.push('closed ' + code + ' ' + reason)
      else if (log.at(-1) !== 'lost') log.push('lost')
    })
  }
</script>`

let code: Uint8Array

beforeAll(async () => {
  // As the build does it.
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, '../../lib/client.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  code = Buffer.concat(outputFiles.map(({ contents }) => contents))
})

describe.each(browsers)('the client in %s', (_name, { args, ...options }) => {
  let browser: Browser
  let page: Page
  let server: RestartableServer
  const proxies: Server[] = []
  let pings: number

  beforeAll(async () => {
    browser = await launch({ ...options, args: [...args], headless: true })
  })

  afterAll(async () => browser.close())

  beforeEach(async () => {
    let connections = 0
    pings = 0
    const app = express().use(useWebSockets())
    app.get('/', (_req, res) => void res.send(PAGE))
    app.get('/client.mjs', (_req, res) => void res.type('text/javascript').send(Buffer.from(code)))
    app.all('/refused', (_req, res) => void res.sendStatus(401))
    app.all(
      '/ws',
      webSocketHandler<Request>(async (webSocket, { query }) => {
        await webSocket.sendAsync(`connection ${++connections}`)
        if (typeof query['code'] === 'string') return webSocket.closeAsync(Number(query['code']), 'bye')
        for await (const message of webSocket) {
          if (message === 'ping') pings++
          await webSocket.sendAsync(message === 'ping' ? 'pong' : message)
        }
      }),
    )
    server = await RestartableServer.start(app)
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${server.port}/`)
    await page.waitForFunction('window.start !== undefined')
  })

  afterEach(async () => {
    await page.close()
    closeTcpLinks()
    for (const proxy of proxies.splice(0)) proxy.close()
    await closeRestartableServers()
  })

  /** Waits until the log has that many entries, and reads it. It may have more by then. */
  async function log(length: number): Promise<string[]> {
    await page.waitForFunction(`log.length >= ${length}`)
    return (await page.evaluate('log')) as string[]
  }

  it('exchanges messages, with an address relative to the page, and closes permanently', async () => {
    await page.evaluate("start('/ws'); client.send('waited'); client.send(new Uint8Array(3))")
    expect(await log(4)).toEqual(['open', 'connection 1', 'waited', 'bytes 3'])
    await page.evaluate("client.close(4000, 'enough')")
    expect(await log(5)).toEqual(['open', 'connection 1', 'waited', 'bytes 3', 'closed 4000 enough'])
    expect(await page.evaluate('client.completion.then(({ code }) => [client.state, code, client.send("late")])')).toEqual([
      'closed',
      4000,
      false,
    ])
  })

  it('reconnects to a server that is killed and restarted, subscribes again, and sends queued messages', async () => {
    await page.evaluate("start('/ws'); client.subscribe('news')")
    expect(await log(3)).toEqual(['open', 'connection 1', 'news'])
    await server.kill()
    expect(await log(4)).toEqual(['open', 'connection 1', 'news', 'lost'])
    expect(await page.evaluate("client.send('meanwhile')")).toBe(true)
    await server.start()
    expect(await log(8)).toEqual(['open', 'connection 1', 'news', 'lost', 'open', 'connection 2', 'news', 'meanwhile'])
  })

  it.each([
    ['1000', ['open', 'connection 1', 'closed 1000 bye']],
    ['1008', ['open', 'connection 1', 'closed 1008 bye']],
    ['4401', ['open', 'connection 1', 'closed 4401 bye']],
    ['1001', ['open', 'connection 1', 'lost', 'open', 'connection 2']],
    ['1012', ['open', 'connection 1', 'lost', 'open', 'connection 2']],
  ])('handles a close with %s', async (closeCode, expected) => {
    await page.evaluate(`start('/ws?code=${closeCode}')`)
    expect((await log(expected.length)).slice(0, expected.length)).toEqual(expected)
  })

  it('treats a refusal as a failure, as a page sees it, and can be told to stop', async () => {
    await page.evaluate(
      "start('/refused', { shouldReconnect: ({ code }, byDefault, attempt) => byDefault && code === 1006 && attempt < 3 })",
    )
    expect(await log(2)).toEqual(['lost', 'closed 1006 '])
  })

  it('ends a loop over its messages when it is closed', async () => {
    const loop = `(async () => {
      start('/ws?code=1000')
      const messages = []
      for await (const message of client) messages.push(message)
      return [messages, (await client.completion).code]
    })()`
    expect(await page.evaluate(loop)).toEqual([['connection 1'], 1000])
  })

  /** A proxy that closes a connection if no data has passed for so many milliseconds. */
  async function cutIdle(milliseconds: number): Promise<number> {
    const proxy = createServer((client) => {
      const upstream = connect(server.port, '127.0.0.1')
      client.pipe(upstream).pipe(client)
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        one.setTimeout(milliseconds, () => one.destroy())
        one.on('error', () => undefined)
        one.on('close', () => other.destroy())
      }
    }).listen(0, '127.0.0.1')
    proxies.push(proxy)
    await once(proxy, 'listening')
    return (proxy.address() as AddressInfo).port
  }

  it('reconnects when a proxy closes idle connections', async () => {
    await page.evaluate(`start('ws://127.0.0.1:${await cutIdle(300)}/ws')`)
    // It goes on like this.
    expect((await log(6)).slice(0, 6)).toEqual(['open', 'connection 1', 'lost', 'open', 'connection 2', 'lost'])
  })

  it('keeps a connection through such a proxy with its pings, which the page does not see', async () => {
    await page.evaluate(`start('ws://127.0.0.1:${await cutIdle(3000)}/ws', { pingInterval: 750 })`)
    await log(2)
    // Longer than the proxy allows.
    await until(() => pings > 6)
    await page.evaluate("client.send('still the first')")
    expect(await log(3)).toEqual(['open', 'connection 1', 'still the first'])
  })

  it('drops a connection over which nothing arrives any more', async () => {
    const link = await TcpLink.open(server.port)
    await page.evaluate(`start('ws://127.0.0.1:${link.port}/ws', { pingInterval: 250, connectTimeout: 2000 })`)
    await log(2)
    link.freeze()
    expect((await log(5)).slice(0, 4)).toEqual(['open', 'connection 1', 'lost', 'open'])
  })

  it('drops the connection when the network is lost, and reconnects when it returns', async () => {
    await page.evaluate("start('/ws', { baseDelay: 1e8, maxDelay: 1e8 })")
    await log(2)
    await page.setOfflineMode(true)
    expect(await log(3)).toEqual(['open', 'connection 1', 'lost'])
    await page.waitForFunction("client.state === 'waiting'")
    await page.evaluate("client.send('meanwhile')")
    await page.setOfflineMode(false)
    expect(await log(6)).toEqual(['open', 'connection 1', 'lost', 'open', 'connection 2', 'meanwhile'])
  })
})
