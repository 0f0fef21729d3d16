import http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { encodeFrame } from './encode-frame.ts'
import { openHttp1Client } from './open-http1-client.ts'
import { openHttp2Client } from './open-http2-client.ts'
import type { ScenarioClient } from './scenario-client.ts'
import type { ScenarioPorts } from './scenario-server.ts'
import type { ClientStep, Scenario, Transport } from './scenario.ts'
import type { LogEntry, Transcript } from './transcript.ts'

/** Plays a scenario against a server that implements `x-scenario`, and records the observations. */
export async function playScenario(scenario: Scenario, transport: Transport, ports: ScenarioPorts): Promise<Transcript> {
  const id = `${scenario.id}-${transport}-${process.pid}`
  const client = await (transport === 'h1' ? openHttp1Client(scenario, id, ports.h1) : openHttp2Client(scenario, id, ports.h2))
  const { wire, response } = client
  const missed: string[] = []
  for (const step of scenario.client ?? []) {
    const missing = await playStep(step, client)
    if (missing !== undefined) missed.push(missing)
  }
  const log = scenario.plain === true ? undefined : await fetchLog(id, ports.h1)
  await wire.until(() => wire.end !== 'open', scenario.linger ?? 250)
  const body = wire.isParsing ? '' : wire.buffer.toString()
  client.destroy()
  return {
    id: scenario.id,
    transport,
    response,
    ...(body === '' ? {} : { body }),
    frames: wire.frames,
    end: wire.end,
    ...(missed.length > 0 ? { missed } : {}),
    ...(log === undefined ? {} : { log }),
  }
}

/** Resolves with a description of the failure, if there is one. */
async function playStep(step: ClientStep, client: ScenarioClient): Promise<string | undefined> {
  const { wire } = client
  const [what, argument] = step
  if (what === 'frames') return (await wire.until(() => wire.frames.length >= argument)) ? undefined : `${argument} frames`
  if (what === 'end') return (await wire.until(() => wire.end !== 'open')) ? undefined : 'end'
  if (what === 'send') client.write(encodeFrame(argument))
  else if (what === 'raw') client.write(Buffer.from(argument, 'hex'))
  else if (what === 'sleep') await delay(argument)
  else if (what === 'fin') client.end()
  else client.reset()
  return undefined
}

function fetchLog(id: string, port: number): Promise<readonly LogEntry[] | null> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', path: `/log/${id}`, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(JSON.parse(text)))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}
