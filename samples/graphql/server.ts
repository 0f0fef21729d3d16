import { createGraphqlApp } from './app.ts'

const port = Number(process.env['PORT'] ?? 3000)
createGraphqlApp().listen(port, () => console.log(`GraphQL subscriptions: http://localhost:${port}/`))
