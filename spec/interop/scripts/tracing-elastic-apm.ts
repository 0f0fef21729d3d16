import { elasticApm } from './start-elastic-apm.ts'
// After the agent, which patches modules that are loaded later.
import { traceWebSockets } from './trace-web-sockets.ts'

void traceWebSockets(elasticApm)
