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
import type { TransportClient } from '../support/every-transport.ts'
import { expressVersions } from '../support/express-versions.ts'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { until } from '../support/until.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** A stream that collects its lines. */
function keepLines(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      lines.push(...chunk.toString().trimEnd().split('\n'))
      callback()
    },
  })
}

/** Each logger, and its line for a WebSocket that was closed and for one whose client vanished. */
const loggers: readonly (readonly [name: string, create: (lines: string[]) => RequestHandler, closed: RegExp, vanished: RegExp])[] = [
  [
    'morgan',
    (lines) => morgan(':method :url :status :total-time[0]', { stream: keepLines(lines) }) as RequestHandler,
    /^(GET|CONNECT) \/ws (101|200) (?<time>\d+)$/,
    /^(GET|CONNECT) \/ws (101|200|-) ((?<time>\d+)|-)$/,
  ],
  [
    'pino-http',
    (lines) => pinoHttp({}, keepLines(lines)) as RequestHandler,
    /"statusCode":(101|200),.*"responseTime":(?<time>\d+\.?\d*),"msg":"request completed"/,
    /"responseTime":(?<time>\d+\.?\d*),"msg":"request aborted"/,
  ],
  [
    // It hooks end(), so it logs when the WebSocket is accepted.
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

/** The milliseconds that a line tells; `otherwise` if it tells none. */
function timeIn(lines: readonly string[], pattern: RegExp, otherwise: number): number {
  return Number(pattern.exec(lines[0] ?? '')?.groups?.['time'] ?? otherwise)
}

/** Of the clocks of loggers, in milliseconds: they count whole ones. */
const RESOLUTION = 2

describe.each(expressVersions)('on %s', (_version, express) => {
  describe.each(everyTransport)('over %s', (_name, serve) => {
    function createApp(logger: RequestHandler, position: 'first' | 'last', events: string[], heard: Gate): Express {
      const app = express()
      if (position === 'first') app.use(useWebSockets())
      app.use(logger)
      if (position === 'last') app.use(useWebSockets())
      app.all('/ws', async (req, res) => {
        for (const event of ['aborted', 'error', 'end', 'close']) req.on(event, () => events.push(`request ${event}`))
        for (const event of ['finish', 'close']) res.on(event, () => events.push(`response ${event}`))
        await converse(await req.webSockets.acceptWebSocketAsync(), heard)
        events.push(`completed: ${req.complete}, ${req.aborted}, ${req.readableAborted}`)
      })
      return app
    }

    async function converse(webSocket: ManagedWebSocket, heard: Gate): Promise<void> {
      await webSocket.receiveAsync(Buffer.alloc(10))
      heard.open()
      const { closeStatus } = await webSocket.receiveAsync(Buffer.alloc(10)).catch(() => ({ closeStatus: null }))
      if (closeStatus !== null) await webSocket.closeAsync(closeStatus)
      await webSocket.completion
      await new Promise(setImmediate)
    }

    /** Has the client say something. @returns how long the WebSocket was open by then, in milliseconds. */
    async function talk(client: TransportClient, heard: Gate): Promise<number> {
      const from = performance.now()
      client.send('hello')
      await heard.opened
      return performance.now() - from
    }

    it.each(
      loggers.flatMap(([name, create, closed]) => [[name, 'first', create, closed] as const, [name, 'last', create, closed] as const]),
    )('%s logs one completed request if useWebSockets() is %s', async (_logger, position, create, closed) => {
      const lines: string[] = []
      const events: string[] = []
      const heard = new Gate()
      const client = await (await serve(createApp(create(lines), position, events, heard))).open('/ws')
      const time = await talk(client, heard)
      // A line with the duration is written at the end, and not before.
      expect(lines).toHaveLength(closed.source.includes('time') ? 0 : 1)
      client.close(1000)
      expect(await client.closed).toBe(1000)
      await until(() => lines.length > 0 && events.length === 5)
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(closed)
      expect(timeIn(lines, closed, time)).toBeGreaterThan(time - RESOLUTION)
      expect(events).toContain('completed: true, false, false')
      expect(events).not.toContain('request aborted')
      expect(events).not.toContain('request error')
      expect(events.indexOf('response finish')).toBeLessThan(events.indexOf('response close'))
      expect(events.indexOf('response finish')).toBeLessThan(events.indexOf('request close'))
    })

    it.each(loggers)('%s logs one aborted request if the client vanishes', async (_logger, create, _closed, vanished) => {
      const lines: string[] = []
      const events: string[] = []
      const heard = new Gate()
      const client = await (await serve(createApp(create(lines), 'first', events, heard))).open('/ws')
      const time = await talk(client, heard)
      expect(lines).toHaveLength(vanished.source.includes('time') ? 0 : 1)
      client.vanish()
      await until(() => lines.length > 0 && events.includes('response close') && events.includes('request close'))
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(vanished)
      expect(timeIn(lines, vanished, time)).toBeGreaterThan(time - RESOLUTION)
      expect(events).toContain('request aborted')
      expect(events).not.toContain('response finish')
    })
  })
})
