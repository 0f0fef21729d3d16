import { SpanKind, trace } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import type { Tracer } from './trace-web-sockets.ts'

/* Starts OpenTelemetry, which patches `node:http` when it is loaded later. */

const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })

/** All ended spans. */
export const endedSpans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()

export const openTelemetry: Tracer = {
  active: () => trace.getActiveSpan(),
  describe(span) {
    const { name, attributes } = span as ReadableSpan
    const finished: readonly object[] = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER)
    return { name, status: attributes['http.status_code'] ?? attributes['http.response.status_code'], isEnded: finished.includes(span) }
  },
  countEnded: () => exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER).length,
}
