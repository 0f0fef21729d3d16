import { describe, expect, it } from '@jest/globals'
import { inspect } from 'node:util'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { closePayload } from '../support/raw-frames.ts'
import { openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

describe('console.log of a WebSocket', () => {
  it('shows the name of the state, the sub-protocol, the address and bufferedAmount', async () => {
    const { webSocket, stream } = await openOverTcp({ subProtocol: 'chat', dangerousDeflateOptions: {} })

    expect(inspect(webSocket, { breakLength: Infinity })).toBe(
      `ManagedWebSocket { state: 'Open', subProtocol: 'chat', isCompressed: true, remoteAddress: '127.0.0.1:${stream.remotePort}', bufferedAmount: 0 }`,
    )
  })

  it("shows the peer's close status, then the completion, and no address if there is none", async () => {
    const { webSocket, peer } = openInMemory()
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    await webSocket.receiveAsync(Buffer.alloc(1))
    expect(inspect(webSocket, { breakLength: Infinity })).toBe(
      "ManagedWebSocket { state: 'CloseReceived', subProtocol: null, isCompressed: false, bufferedAmount: 0, closeStatus: 4000, closeStatusDescription: 'bye' }",
    )
    peer.end()
    webSocket.abort()
    await webSocket.completion

    expect(inspect(webSocket)).toContain("state: 'Aborted'")
    expect(inspect(webSocket)).toMatch(
      /completion: \{\s+closeStatus: 4000,\s+closeStatusDescription: 'bye',\s+wasClean: false,\s+endedBy: 'remote',/,
    )
  })

  it('is short if the WebSocket is nested in another object', () => {
    const { webSocket } = openInMemory()

    expect(inspect({ a: { b: { webSocket } } }, { depth: 1 })).toContain('[Object]')
    expect(inspect({ a: { webSocket } }, { depth: 1 })).toContain('webSocket: [ManagedWebSocket]')
    expect(inspect(ManagedWebSocket)).toBe('[class ManagedWebSocket]')
  })

  it('shows an IPv6 address in brackets', () => {
    const { stream } = openInMemory()
    Object.assign(stream, { remoteAddress: '::1', remotePort: 80 })

    expect(inspect(ManagedWebSocket.createFromStream(stream))).toContain("remoteAddress: '[::1]:80'")
  })
})
