import { once } from 'node:events'
import http2 from 'node:http2'
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { encodeScript, handshakeHeaders, isHidden, pathOf } from './handshake-headers.ts'
import type { ScenarioClient } from './scenario-client.ts'
import type { Scenario } from './scenario.ts'
import type { RecordedResponse } from './transcript.ts'
import { Wire } from './wire.ts'

/** Sends the extended CONNECT of a scenario in a separate session, and waits for the response. */
export async function openHttp2Client(scenario: Scenario, id: string, port: number): Promise<ScenarioClient> {
  const wire = new Wire()
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => wire.finish('session-error'))
  await once(session, 'remoteSettings')
  const stream = session.request(toHeaders(scenario, id), { endStream: false })
  const response = await readResponse(stream, wire)
  return {
    wire,
    response,
    write: (bytes) => stream.write(bytes),
    end: () => stream.end(),
    reset: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    destroy: () => session.destroy(),
  }
}

async function readResponse(stream: ClientHttp2Stream, wire: Wire): Promise<RecordedResponse | null> {
  let response: RecordedResponse | null = null
  stream.on('response', (fields) => {
    const headers = Object.entries(fields).filter(([name]) => !name.startsWith(':') && !isHidden(name))
    const status = Number(fields[':status'])
    response = { status, headers: headers.map(([name, value]): [string, string] => [name, String(value)]).toSorted(byName) }
    if (status < 300) wire.parseFrames()
    wire.wake()
  })
  stream.on('data', (chunk: Buffer) => wire.push(chunk))
  stream.on('end', () => wire.finish('end-stream'))
  stream.on('error', () => wire.finish(`rst:${stream.rstCode}`))
  stream.on('close', () => wire.finish(`rst:${stream.rstCode}`))
  await wire.until(() => response !== null || wire.end !== 'open')
  return response
}

function toHeaders(scenario: Scenario, id: string): OutgoingHttpHeaders {
  const headers: Record<string, string | readonly string[] | null> = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':path': pathOf(scenario),
    ':authority': 'server.example',
  }
  for (const [name, values] of handshakeHeaders(scenario)) {
    const [value = '', ...others] = values
    if (!HTTP1_ONLY.has(name.toLowerCase())) headers[name.toLowerCase()] = others.length > 0 ? values : value
  }
  Object.assign(headers, scenario.h2headers)
  if (scenario.plain !== true) headers['x-scenario'] = encodeScript(scenario, id)
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null))
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

const HTTP1_ONLY: ReadonlySet<string> = new Set(['host', 'upgrade', 'connection', 'sec-websocket-key'])
