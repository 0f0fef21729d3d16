import { closeHttp1Peers } from '../support/http1-peers.ts'
import { http1Starts } from '../support/http1-server.ts'
import type { Http1Server } from '../support/http1-server.ts'
import { RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'
import { composePipeline } from './compose-pipeline.ts'
import { createPipelineApp } from './pipeline-app.ts'
import { playPipeline } from './play-pipeline.ts'
import { Random } from './random.ts'

/** Plays this many pipelines, with seeds from `seed` on, over HTTP/1.1 and TLS. Throws if an application saw something that was not composed. */
export async function playPipelines(seed: number, count: number): Promise<void> {
  for (const [transport, start] of http1Starts) {
    const app = createPipelineApp(seed % 2 === 0)
    const server = await start(app.app)
    await introduce(server)
    for (let next = seed; next < seed + count / http1Starts.length; next++) {
      const faults = await playPipeline(composePipeline(new Random(next)), server, app)
      if (faults.length > 0) throw new Error(`Over ${transport}, with seed ${next}, an application ${faults.join(', and ')}`)
    }
    closeHttp1Peers()
  }
}

/** A server is known to use the middleware from its first request on. Node may lose data after an upgrade request before that. */
async function introduce(server: Http1Server): Promise<void> {
  const client = await RawHttp1Client.connect(server)
  client.write(Buffer.from('GET /plain/first HTTP/1.1\r\nHost: a\r\n\r\n'))
  await until(() => client.received.includes('answer to /plain/first'))
  client.socket.destroy()
}
