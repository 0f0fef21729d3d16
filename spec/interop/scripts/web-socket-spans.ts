import { SpanKind, trace } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import type { WebSocketHandler } from 'express-use-websockets'
import { endedSpans } from './start-opentelemetry.ts'
// After the tracer, which patches modules that are loaded later.
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { expressVersions } from '../../support/express-versions.ts'
import { startHttp1Server } from '../../support/http1-server.ts'
import { until } from '../../support/until.ts'
import { nextMessage, openWebSocket } from '../../support/web-socket-client.ts'

/*
 * Gives each WebSocket its own span, as in docs/metrics.md, in addition to the span that OpenTelemetry creates for its request. Prints these spans as
 * a line of JSON for each kind of end.
 */

const tracer = trace.getTracer('websockets')

function traced(handler: WebSocketHandler): WebSocketHandler {
  return (webSocket, request) =>
    tracer.startActiveSpan('websocket', async (span) => {
      void webSocket.completion.then(({ closeStatus }) => span.setAttribute('websocket.close_status', closeStatus).end())
      await handler(webSocket, request)
    })
}

async function traceOne(express: (typeof expressVersions)[number][1], ending: string): Promise<object> {
  const active: (Span | undefined)[] = []
  const app = express().use(useWebSockets())
  const handler = traced(async (webSocket) => {
    for await (const message of webSocket) {
      active.push(trace.getActiveSpan())
      await webSocket.sendAsync(message)
      active.push(trace.getActiveSpan())
      // Like a query to a database.
      tracer.startActiveSpan('query', (span) => span.end())
    }
  })
  app.all('/ws', webSocketHandler(handler))
  const before = serverSpans().length
  const { client } = await openWebSocket(await startHttp1Server(app))
  client.send('one')
  await nextMessage(client)
  await until(() => serverSpans().length > before)
  const endedWhileOpen = serverSpans()
    .slice(before)
    .map(({ name }) => name)
  if (ending === 'closed') client.close(1000)
  else client.terminate()
  const find = (wanted: string): ReadableSpan | undefined =>
    serverSpans()
      .slice(before)
      .find(({ name }) => name === wanted)
  await until(() => find('websocket') !== undefined && find('GET') !== undefined)
  const own = find('websocket')
  return {
    ending,
    endedWhileOpen,
    isActiveInHandler: active.every((span) => span?.spanContext().spanId === own?.spanContext().spanId),
    isChildOfRequest: own?.parentSpanContext?.spanId === find('GET')?.spanContext().spanId,
    isParentOfQuery: find('query')?.parentSpanContext?.spanId === own?.spanContext().spanId,
    closeStatus: own?.attributes['websocket.close_status'],
  }
}

/** The ended spans, without those of the client. */
function serverSpans(): readonly ReadableSpan[] {
  return endedSpans().filter(({ kind }) => kind !== SpanKind.CLIENT)
}

async function main(): Promise<void> {
  for (const [, express] of expressVersions) {
    for (const ending of ['closed', 'cut']) process.stdout.write(`${JSON.stringify(await traceOne(express, ending))}\n`)
  }
  process.exit()
}

void main()
