import { afterEach, describe, expect, it } from '@jest/globals'
import { Writable } from 'node:stream'
import type { Express, RequestHandler } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import expressWinston from 'express-winston'
import morgan from 'morgan'
import pinoHttp from 'pino-http'
import responseTime from 'response-time'
import winston from 'winston'
import { everyTransport } from '../support/every-transport.ts'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { until } from '../support/until.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** A stream that keeps its lines. */
function keepLines(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      lines.push(...chunk.toString().trimEnd().split('\n'))
      callback()
    },
  })
}

/** How each logger is used, and what it says of a WebSocket that was closed, and of one whose client vanished. */
const loggers: readonly (readonly [name: string, create: (lines: string[]) => RequestHandler, closed: RegExp, vanished: RegExp])[] = [
  [
    'morgan',
    (lines) => morgan(':method :url :status :total-time[0]', { stream: keepLines(lines) }) as RequestHandler,
    /^(GET|CONNECT) \/ws (101|200) (\d{2,})$/,
    /^(GET|CONNECT) \/ws (101|200|-) (\d{2,}|-)$/,
  ],
  [
    'pino-http',
    (lines) => pinoHttp({}, keepLines(lines)) as RequestHandler,
    /"statusCode":(101|200),.*"responseTime":\d{2,}\.?\d*,"msg":"request completed"/,
    /"responseTime":\d{2,}\.?\d*,"msg":"request aborted"/,
  ],
  [
    // It hooks end(), so it has its say when the WebSocket is accepted.
    'express-winston',
    (lines) => expressWinston.logger({ transports: [new winston.transports.Stream({ stream: keepLines(lines) })] }),
    /"statusCode":(101|200)/,
    /"statusCode":(101|200)/,
  ],
  [
    'response-time',
    (lines) => responseTime((_req, res, time) => void lines.push(`${res.statusCode} ${time >= 0}`)) as RequestHandler,
    /^(101|200) true$/,
    /^(101|200) true$/,
  ],
]

describe.each(expressVersions)('on %s', (_version, express) => {
  describe.each(everyTransport)('over %s', (_name, serve) => {
    function createApp(logger: RequestHandler, position: 'first' | 'last', events: string[]): Express {
      const app = express()
      if (position === 'first') app.use(useWebSockets())
      app.use(logger)
      if (position === 'last') app.use(useWebSockets())
      app.all('/ws', async (req, res) => {
        for (const event of ['aborted', 'error', 'end', 'close']) req.on(event, () => events.push(`request ${event}`))
        for (const event of ['finish', 'close']) res.on(event, () => events.push(`response ${event}`))
        await converse(await req.webSockets.acceptWebSocketAsync())
        events.push(`completed: ${req.complete}, ${req.aborted}, ${req.readableAborted}`)
      })
      return app
    }

    /** Long enough for two digits of milliseconds. */
    async function converse(webSocket: ManagedWebSocket): Promise<void> {
      const { closeStatus } = await webSocket.receiveAsync(Buffer.alloc(10)).catch(() => ({ closeStatus: null }))
      if (closeStatus !== null) await webSocket.closeAsync(closeStatus)
      await webSocket.completion
      await new Promise(setImmediate)
    }

    it.each(
      loggers.flatMap(([name, create, closed]) => [[name, 'first', create, closed] as const, [name, 'last', create, closed] as const]),
    )('%s tells of one completed request, useWebSockets() being %s', async (_logger, position, create, closed) => {
      const lines: string[] = []
      const events: string[] = []
      const client = await (await serve(createApp(create(lines), position, events))).open('/ws')
      await new Promise((resolve) => setTimeout(resolve, 15))
      client.close(1000)
      expect(await client.closed).toBe(1000)
      await until(() => lines.length > 0 && events.length === 5)
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(closed)
      expect(events).toContain('completed: true, false, false')
      expect(events).not.toContain('request aborted')
      expect(events).not.toContain('request error')
      expect(events.indexOf('response finish')).toBeLessThan(events.indexOf('response close'))
      expect(events.indexOf('response finish')).toBeLessThan(events.indexOf('request close'))
    })

    it.each(loggers)('%s tells of one request that was broken off when the client vanishes', async (_logger, create, _closed, vanished) => {
      const lines: string[] = []
      const events: string[] = []
      const client = await (await serve(createApp(create(lines), 'first', events))).open('/ws')
      await new Promise((resolve) => setTimeout(resolve, 15))
      client.vanish()
      await until(() => lines.length > 0 && events.includes('response close') && events.includes('request close'))
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(vanished)
      expect(events).toContain('request aborted')
      expect(events).not.toContain('response finish')
    })
  })
})
