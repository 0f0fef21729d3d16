import { closeHttp1Peers } from '../support/http1-peers.ts'
import { http1Starts } from '../support/http1-server.ts'
import { composePipeline } from './compose-pipeline.ts'
import { createPipelineApp } from './pipeline-app.ts'
import { playPipeline } from './play-pipeline.ts'
import { Random } from './random.ts'

/** Plays as many pipelines, of seeds from `seed` on, over HTTP/1.1 and TLS. Throws what an application saw that was not composed. */
export async function playPipelines(seed: number, count: number): Promise<void> {
  for (const [transport, start] of http1Starts) {
    const app = createPipelineApp(seed % 2 === 0)
    const server = await start(app.app)
    for (let next = seed; next < seed + count / http1Starts.length; next++) {
      const faults = await playPipeline(composePipeline(new Random(next)), server, app)
      if (faults.length > 0) throw new Error(`Over ${transport}, with seed ${next}, an application ${faults.join(', and ')}`)
    }
    closeHttp1Peers()
  }
}
