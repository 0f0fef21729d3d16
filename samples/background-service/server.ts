import { createBackgroundServiceApp } from './app.ts'
import { BackgroundSocketProcessor } from './background-socket-processor.ts'

const port = Number(process.env['PORT'] ?? 3000)
createBackgroundServiceApp(new BackgroundSocketProcessor()).listen(port, () => console.log(`Background service: http://localhost:${port}/`))
