import type { Scenario, Script } from './scenario.ts'

/** The path of a scenario. */
export function pathOf({ profile = 'default', path = '' }: Scenario): string {
  return `/${profile}${path}`
}

/** The header fields of a handshake over HTTP/1.1: the usual ones, overridden by those of the scenario. */
export function handshakeHeaders(scenario: Scenario): Map<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>(USUAL.map(([name, value]) => [name, [value]]))
  for (const [given, value] of scenario.handshake?.headers ?? []) {
    const name = [...headers.keys()].find((usual) => usual.toLowerCase() === given.toLowerCase()) ?? given
    if (value === null) headers.delete(name)
    else headers.set(name, typeof value === 'string' ? [value] : value)
  }
  return headers
}

/** The value of `x-scenario`. */
export function encodeScript({ accept, before, refuse, acceptAnyway, ops }: Scenario, id: string): string {
  const script = { id, accept, before, refuse, acceptAnyway, ops } satisfies Record<keyof Script, unknown>
  return Buffer.from(JSON.stringify(script)).toString('base64')
}

/** Whether the transcript omits a header field of a response. */
export function isHidden(name: string): boolean {
  return name === 'date' || name === 'server'
}

const USUAL: readonly (readonly [name: string, value: string])[] = [
  ['Host', 'server.example'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
]
