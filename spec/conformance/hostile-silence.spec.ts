import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { once } from 'node:events'
import { handshakeHead } from '../support/raw-http1.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { HostileServer } from './hostile/hostile-server.ts'
import { describeFrame } from './hostile/play-frames.ts'
import { closeConnections, connectOver, openOver, readFrames, transportNames } from './hostile/transports.ts'

jest.setTimeout(20_000)

let server: HostileServer

// Node's own limits are about a minute by default.
beforeAll(async () => {
  server = await HostileServer.start({
    closeTimeout: 300,
    keepAliveInterval: 300,
    keepAliveTimeout: 300,
    http: { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 100 },
  })
})

afterAll(async () => {
  const printed = await server.stop()
  if (printed !== '') throw new Error(`The server has printed ${printed}`)
})

afterEach(closeConnections)

describe.each(['http', 'https'] as const)('a server over %s', (transport) => {
  it.each([
    ['nothing', ''],
    ['half a request', handshakeHead().slice(0, 60)],
  ])('ends a connection that sends %s', async (_what, bytes) => {
    const { socket } = await connectOver(transport, server.ports)
    socket.write(bytes)
    socket.resume()
    await once(socket, 'end')
    expect(server.isAlive).toBe(true)
  })
})

describe.each(transportNames)('a WebSocket over %s', (transport) => {
  it('ends if the client neither answers the Close frame of a failure nor ends its side', async () => {
    const peer = readFrames(await openOver(transport, server.ports))
    await peer.send(rawFrame(1, 'abc', { mask: false }))
    expect(describeFrame(await peer.nextFrame())).toBe('close 1002')
    await whenReleased()
    await peer.ended
  })

  it('ends if the client is silent and does not answer a Ping', async () => {
    const peer = readFrames(await openOver(transport, server.ports))
    expect(describeFrame(await peer.nextFrame())).toMatch(/^ping /)
    await whenReleased()
    await peer.ended
  })

  it('ends if the client stops reading', async () => {
    const { duplex } = await openOver(transport, server.ports)
    duplex.pause()
    await whenReleased()
    expect(server.isAlive).toBe(true)
  })

  it('stays open while the client answers Pings, for longer than any request may take', async () => {
    const peer = readFrames(await openOver(transport, server.ports))
    for (let pings = 0; pings < 4; pings++) {
      const { opcode, payload } = await peer.nextFrame()
      expect(opcode).toBe(9)
      await peer.sendFrame(10, payload)
    }
    await peer.sendFrame(1, 'still here')
    expect(describeFrame(await peer.nextFrame())).toBe('text "still here"')
  })
})

/** Resolves when the server has no WebSocket left. */
async function whenReleased(): Promise<void> {
  while ((await server.state()).webSockets > 0) await new Promise(setImmediate)
}
