import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { compressionBombs, compressionCases } from './hostile/compression-cases.ts'
import { closeCases, frameCases } from './hostile/frame-cases.ts'
import { handshakeCases } from './hostile/handshake-cases.ts'
import { HostileServer } from './hostile/hostile-server.ts'
import { Neighbour } from './hostile/neighbour.ts'
import { playFrames } from './hostile/play-frames.ts'
import { readHttp1Answer } from './hostile/read-answer.ts'
import { closeConnections, connectOver, keepConnections, openOver, transportNames } from './hostile/transports.ts'
import type { TransportName } from './hostile/transports.ts'

jest.setTimeout(3_000)

const MEGABYTE = 1024 * 1024
const neighbours = new Map<TransportName, Neighbour>()
let server: HostileServer

// One process for everything, so that damage adds up, and on every port somebody who is not to be disturbed.
beforeAll(async () => {
  server = await HostileServer.start()
  for (const transport of transportNames) neighbours.set(transport, new Neighbour(await openOver(transport, server.ports)))
  keepConnections()
})

afterAll(async () => {
  for (const neighbour of neighbours.values()) neighbour.stop()
  const printed = await server.stop()
  if (printed !== '') throw new Error(`The server has printed ${printed}`)
})

afterEach(closeConnections)

describe.each(['http', 'https'] as const)('a handshake over %s', (transport) => {
  afterEach(() => expectHealth(transport))

  it.each(handshakeCases)('with $name is answered $expected', async ({ request, expected, forbidden, required }) => {
    const { socket } = await connectOver(transport, server.ports)
    socket.write(request, 'latin1')
    const { status, head } = await readHttp1Answer(socket)
    expect(expected).toContain(status)
    expect(head).not.toMatch(forbidden)
    expect(head).toMatch(required)
  })
})

describe.each(transportNames)('on a WebSocket over %s', (transport) => {
  afterEach(() => expectHealth(transport))

  it.each([...frameCases, ...closeCases])('$name gives $expected', async ({ bytes, expected }) => {
    expect(await playFrames(await openOver(transport, server.ports), bytes)).toEqual(expected)
  })

  it.each(compressionCases)('with compression, $name gives $expected', async ({ bytes, expected }) => {
    const webSocket = await openOver(transport, server.ports, '/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
    expect(webSocket.headers['sec-websocket-extensions']).toBe('permessage-deflate')
    expect(await playFrames(webSocket, bytes)).toEqual(expected)
  })

  it.each(compressionBombs)('with compression, $name gives $expected, and takes no memory', async ({ bytes, expected }) => {
    const { peakMemory } = await server.state()
    const webSocket = await openOver(transport, server.ports, '/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
    expect(await playFrames(webSocket, bytes)).toEqual(expected)
    expect((await server.state()).peakMemory - peakMemory).toBeLessThan(64 * MEGABYTE)
  })
})

/** A new WebSocket echoes, the neighbours do, and nothing of the case is left. */
async function expectHealth(transport: TransportName): Promise<void> {
  await closeConnections()
  const webSocket = await openOver(transport, server.ports)
  expect(await playFrames(webSocket, rawFrame(1, 'healthy'), rawFrame(8, closePayload(1000)))).toEqual(['text "healthy"', 'close 1000'])
  for (const { failure } of neighbours.values()) expect(failure).toBeUndefined()
  while ((await server.state()).webSockets > neighbours.size) await new Promise(setImmediate)
}
