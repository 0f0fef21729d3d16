import { startScenarioServer } from './scenario-server.ts'

// npm run conformance:server -- H1PORT H2PORT
const [h1, h2] = process.argv.slice(2).map(Number)
if (h1 === undefined || h2 === undefined || Number.isNaN(h1 + h2)) {
  console.error('Usage: npm run conformance:server -- H1PORT H2PORT')
  process.exitCode = 2
} else {
  void startScenarioServer({ h1, h2 }).then(() => console.log('ready'))
}
