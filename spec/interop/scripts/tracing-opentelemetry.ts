import { openTelemetry } from './start-opentelemetry.ts'
// Behind the tracer, which patches what is loaded after it.
import { traceWebSockets } from './trace-web-sockets.ts'

void traceWebSockets(openTelemetry)
