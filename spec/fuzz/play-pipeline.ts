import type { Http1Server } from '../support/http1-server.ts'
import { RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'
import type { ComposedRequest, Pipeline } from './compose-pipeline.ts'
import type { PipelineApp, Witness } from './pipeline-app.ts'

/** Sends a pipeline, and describes each difference between the observations of the application and those of a strict parser. */
export async function playPipeline(pipeline: Pipeline, server: Http1Server, { witnesses }: PipelineApp): Promise<string[]> {
  const client = await RawHttp1Client.connect(server)
  const { localPort } = client.socket
  for (const piece of pipeline.pieces) {
    if (client.ending !== undefined) break
    client.write(piece)
    // Then the server usually reads the pieces one by one.
    await new Promise(setImmediate)
  }
  const last = pipeline.requests.at(-1)?.url ?? ''
  await until(() => {
    if (client.ending !== undefined) return true
    if (pipeline.messages === undefined) return client.received.includes(`answer to ${last}`)
    return (witnesses.get(localPort)?.messages.length ?? 0) >= pipeline.messages.length && client.received.includes(' 101 ')
  })
  client.socket.destroy()
  const witness = witnesses.get(localPort) ?? { requests: [], bodies: new Map<string, string>(), messages: [] }
  witnesses.delete(localPort)
  return judge(pipeline, witness)
}

function judge({ requests, messages = [] }: Pipeline, witness: Witness): string[] {
  const faults: string[] = []
  const composed = requests.map(({ method, url }) => `${method} ${url}`)
  if (!isStartOf(witness.requests, composed)) faults.push(`saw the requests ${witness.requests.join(', ')}`)
  const certain = countCertain(requests)
  if (witness.requests.length < certain) faults.push(`saw ${witness.requests.length} requests, of which ${certain} are certain`)
  for (const { url, body } of requests) {
    if (!body.startsWith(witness.bodies.get(url) ?? '')) faults.push(`read as the body of ${url}: ${witness.bodies.get(url)}`)
  }
  if (!isStartOf(witness.messages, messages)) faults.push(`received the messages ${JSON.stringify(witness.messages)}`)
  return faults
}

/** The number of requests that the application sees in any case. */
function countCertain(requests: readonly ComposedRequest[]): number {
  const index = requests.findIndex(({ isLarge, isUpgrade }) => isLarge || isUpgrade)
  if (index < 0) return requests.length
  return requests[index]?.isLarge ? index : index + 1
}

function isStartOf(seen: readonly string[], composed: readonly string[]): boolean {
  return seen.length <= composed.length && seen.every((item, index) => item === composed[index])
}
