import { createEchoApp } from './app.ts'

const port = Number(process.env['PORT'] ?? 3000)

const server = createEchoApp().listen(port, (error) => {
  if (error !== undefined) throw error
  console.log(`Echo sample: http://localhost:${port}/  (press Ctrl+C to stop)`)
})

process.once('SIGINT', () => server.close(() => process.exit()).closeAllConnections())
