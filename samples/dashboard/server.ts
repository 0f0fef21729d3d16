import { loadavg, totalmem, freemem } from 'node:os'
import { createDashboardApp } from './app.ts'
import { LatestValue } from './latest-value.ts'

const latest = new LatestValue()
setInterval(() => {
  const memory = Math.round(100 * (1 - freemem() / totalmem()))
  latest.publish(JSON.stringify({ time: new Date().toISOString(), load: loadavg()[0], memory, heap: process.memoryUsage().heapUsed }))
}, 100)

const port = Number(process.env['PORT'] ?? 3000)
createDashboardApp(latest).listen(port, () => console.log(`Dashboard: http://localhost:${port}/`))
