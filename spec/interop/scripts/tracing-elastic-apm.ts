import { elasticApm } from './start-elastic-apm.ts'
// Behind the agent, which patches what is loaded after it.
import { traceWebSockets } from './trace-web-sockets.ts'

void traceWebSockets(elasticApm)
