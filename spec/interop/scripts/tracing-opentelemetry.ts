import { openTelemetry } from './start-opentelemetry.ts'
// After the tracer, which patches modules that are loaded later.
import { traceWebSockets } from './trace-web-sockets.ts'

void traceWebSockets(openTelemetry)
