import { afterEach, describe, expect, it } from '@jest/globals'
import { OutgoingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Response } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { everyTransport } from '../support/every-transport.ts'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { Gate } from '../support/gate.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

type Callback = () => void
/** Calls a method with valid arguments. Returns the expected result: the response itself, or a value. */
type Call = (response: AnyResponse, callback: Callback) => unknown

/** Declares methods that some versions of Node or Express do not have. */
type AnyResponse = Response & Record<'sendfile' | 'writeHeader' | 'writeInformation', (...values: unknown[]) => unknown>

/** The methods that end a response. They close the WebSocket with 1011. */
const endings: Record<string, Call> = {
  destroy: (res) => res.destroy(new Error('of the app')),
  end: (res, callback) => res.end('in vain', callback),
  send: (res) => res.send('in vain'),
  json: (res) => res.json({ error: 'in vain' }),
  jsonp: (res) => res.jsonp({ error: 'in vain' }),
  sendStatus: (res) => res.sendStatus(500),
  redirect: (res) => res.redirect('/elsewhere'),
  sendFile: (res, callback) => res.sendFile(__filename, callback),
  sendfile: (res, callback) => res.sendfile(__filename, callback),
  download: (res, callback) => res.download(__filename, callback),
  render: (res) => res.render('page'),
  format: (res) => res.format({ default: () => res.end() }),
}

/** The methods that change a response or write to it. They have no effect. */
const changes: Record<string, Call> = {
  addTrailers: (res) => res.addTrailers({ 'X-Trailer': 'a' }),
  append: (res) => res.append('X-Late', 'a'),
  appendHeader: (res) => res.appendHeader('X-Late', 'a'),
  assignSocket: (res) => res.assignSocket(res.req.socket),
  attachment: (res) => res.attachment('a.txt'),
  clearCookie: (res) => res.clearCookie('late'),
  contentType: (res) => res.contentType('html'),
  cookie: (res) => res.cookie('late', 'a'),
  cork: (res) => res.cork(),
  detachSocket: (res) => res.detachSocket(res.req.socket),
  flushHeaders: (res) => res.flushHeaders(),
  get: (res) => void res.get('X-Late'),
  header: (res) => res.header('X-Late', 'a'),
  links: (res) => res.links({ next: '/next' }),
  location: (res) => res.location('/elsewhere'),
  pipe: (res) => res.pipe(new PassThrough()),
  removeHeader: (res) => res.removeHeader('X-Early'),
  set: (res) => res.set('X-Late', 'a'),
  setHeader: (res) => res.setHeader('X-Late', 'a'),
  setHeaders: (res) => res.setHeaders(new Map([['X-Late', 'a']])),
  setTimeout: (res) => res.setTimeout(1),
  status: (res) => res.status(500),
  type: (res) => res.type('html'),
  uncork: (res) => res.uncork(),
  vary: (res) => res.vary('X-Late'),
  write: (res, callback) => void res.write('in vain', callback),
  writeContinue: (res, callback) => res.writeContinue(callback),
  writeEarlyHints: (res, callback) => res.writeEarlyHints({ link: '</a>; rel=preload' }, callback),
  writeHead: (res) => res.writeHead(500, { 'X-Late': 'a' }),
  writeHeader: (res) => res.writeHeader(500, { 'X-Late': 'a' }),
  writeInformation: (res, callback) => res.writeInformation(103, { link: '</a>; rel=preload' }, callback),
  writeProcessing: (res, callback) => res.writeProcessing(callback),
}

/** The methods that only read. */
const questions = ['getHeader', 'getHeaderNames', 'getHeaders', 'getRawHeaderNames', 'hasHeader']

const calledBack = new Set([
  'download',
  'end',
  'sendFile',
  'sendfile',
  'write',
  'writeContinue',
  'writeEarlyHints',
  'writeInformation',
  'writeProcessing',
])

/** The methods of a prototype, without the internal ones of Node. */
function methodsOf(prototype: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor' && !name.startsWith('_'))
    .map(([name]) => name)
}

describe.each(expressVersions)('the response of an accepted WebSocket, on %s', (_, express) => {
  const methods = [ServerResponse.prototype, OutgoingMessage.prototype, express.response].flatMap(methodsOf)

  it('has no method that is not covered by this test', () => {
    const known = new Set([...Object.keys(endings), ...Object.keys(changes), ...questions])
    expect(methods.filter((name) => !known.has(name))).toEqual([])
  })

  describe.each(everyTransport)('over %s', (_name, serve) => {
    /** Runs `use` with a response whose WebSocket is open, and then with one whose WebSocket has completed. */
    async function runTwice(use: (response: Response, webSocket: ManagedWebSocket) => Promise<void>): Promise<{
      readonly code: number
      readonly status: string
    }> {
      const failures: unknown[] = []
      const done = new Gate()
      let status = ''
      const app = express()
      app.set('views', join(__dirname, '..', 'interop', 'views'))
      app.engine('html', (_path: string, _options: object, callback: (error: null, text: string) => void) => callback(null, 'in vain'))
      app.set('view engine', 'html')
      app.use(useWebSockets())
      app.all('/ws', async (req, res) => {
        res.on('finish', () => {
          status = `${res.statusCode} ${res.statusMessage}`
        })
        res.set('X-Early', 'a')
        try {
          const webSocket = await req.webSockets.acceptWebSocketAsync()
          await use(res, webSocket)
          await webSocket.closeAsync(1011).catch(() => undefined)
          await webSocket.completion
          await use(res, webSocket)
        } catch (error) {
          failures.push(error)
        }
        done.open()
      })
      const client = await (await serve(app)).open('/ws')
      const code = await client.closed
      await done.opened
      expect(failures).toEqual([])
      return { code, status }
    }

    it('is not changed by any method', async () => {
      const { code, status } = await runTwice(async (res) => {
        for (const name of Object.keys(changes).filter((key) => methods.includes(key))) {
          let isCalledBack = false
          const returned = changes[name]?.(res as AnyResponse, () => (isCalledBack = true))
          expect([name, [undefined, true, res].includes(returned as undefined)]).toEqual([name, true])
          await new Promise(setImmediate)
          expect([name, isCalledBack]).toEqual([name, calledBack.has(name)])
        }
        expect(res.headersSent).toBe(true)
        expect(res.getHeader('x-late')).toBeUndefined()
        expect(res.getHeader('x-early')).toBe('a')
      })
      expect(code).toBe(1011)
      expect(status).toMatch(/^(101 Switching Protocols|200 OK)$/)
    })

    it.each(Object.keys(endings).filter((name) => methods.includes(name)))('closes the WebSocket with 1011 by %s()', async (name) => {
      const { code, status } = await runTwice(async (res, webSocket) => {
        let isCalledBack = false
        endings[name]?.(res as AnyResponse, () => (isCalledBack = true))
        await webSocket.completion
        await new Promise(setImmediate)
        expect(isCalledBack).toBe(calledBack.has(name))
      })
      expect(code).toBe(1011)
      expect(status).toMatch(/^(101 Switching Protocols|200 OK)$/)
    })
  })
})
