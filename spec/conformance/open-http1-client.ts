import { once } from 'node:events'
import net from 'node:net'
import { encodeScript, handshakeHeaders, isHidden, pathOf } from './handshake-headers.ts'
import type { ScenarioClient } from './scenario-client.ts'
import type { Scenario } from './scenario.ts'
import type { RecordedResponse } from './transcript.ts'
import { Wire } from './wire.ts'

/** Sends the handshake of a scenario over TCP, and waits for the response. */
export async function openHttp1Client(scenario: Scenario, id: string, port: number): Promise<ScenarioClient> {
  const wire = new Wire()
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('data', (chunk: Buffer) => wire.push(chunk))
  socket.on('end', () => wire.finish('fin'))
  socket.on('error', (error: NodeJS.ErrnoException) => wire.finish(error.code === 'ECONNRESET' ? 'reset' : String(error.code)))
  socket.on('close', () => wire.finish('closed'))
  await once(socket, 'connect')
  socket.write(encodeRequest(scenario, id))
  await wire.until(() => wire.buffer.includes(HEAD_END) || wire.end !== 'open')
  const response = takeResponse(wire)
  if (response?.status === 101) wire.parseFrames()
  return {
    wire,
    response,
    write: (bytes) => socket.write(bytes),
    end: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    destroy: () => socket.destroy(),
  }
}

const HEAD_END = '\r\n\r\n'

function encodeRequest(scenario: Scenario, id: string): string {
  const { method = 'GET', httpVersion = '1.1', body = '' } = scenario.handshake ?? {}
  const lines = [`${method} ${pathOf(scenario)} HTTP/${httpVersion}`]
  for (const [name, values] of handshakeHeaders(scenario)) for (const value of values) lines.push(`${name}: ${value}`)
  if (scenario.plain !== true) lines.push(`x-scenario: ${encodeScript(scenario, id)}`)
  return lines.join('\r\n') + HEAD_END + body
}

function takeResponse(wire: Wire): RecordedResponse | null {
  const end = wire.buffer.indexOf(HEAD_END)
  if (end < 0) return null
  const [statusLine = '', ...lines] = wire.buffer.toString('latin1', 0, end).split('\r\n')
  const [, status, ...reason] = statusLine.split(' ')
  wire.buffer = wire.buffer.subarray(end + HEAD_END.length)
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { status: Number(status), reason: reason.join(' '), headers: headers.filter(([name]) => !isHidden(name)).toSorted(byText) }
}

/** By name, then by value, in the default order of arrays. */
function byText(a: readonly string[], b: readonly string[]): number {
  return String(a) < String(b) ? -1 : 1
}
