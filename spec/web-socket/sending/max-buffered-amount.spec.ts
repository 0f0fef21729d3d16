import { describe, expect, it } from '@jest/globals'
import { WebSocketState } from '../../../lib/web-socket/values/web-socket-state.ts'
import { openInMemory } from '../../support/web-socket-pairs.ts'

describe('maxBufferedAmount', () => {
  it('aborts the connection if a peer does not read and sends that are not awaited exceed it', async () => {
    const { webSocket, peer } = openInMemory({ maxBufferedAmount: 100_000 })
    peer.duplex.pause()
    const sends = Array.from({ length: 400 }, () => webSocket.sendAsync('x'.repeat(1000)))
    const outcomes = await Promise.allSettled(sends)
    expect(outcomes[0]?.status).toBe('fulfilled')
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected' })
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'sent'))
    expect(codes).toContain('ERR_WEBSOCKET_TOO_SLOW')
    expect(webSocket.state).toBe(WebSocketState.Aborted)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1006, endedBy: 'local', error: { code: 'ERR_WEBSOCKET_TOO_SLOW' } })
  })

  it('allows a single longer message, and does not count awaited sends', async () => {
    const { webSocket, peer } = openInMemory({ maxBufferedAmount: 1000 })
    peer.duplex.pause()
    await webSocket.sendAsync('y'.repeat(100_000))
    const sent = webSocket.sendAsync('z'.repeat(100_000))
    expect(webSocket.state).toBe(WebSocketState.Open)
    peer.duplex.resume()
    await sent
    for (let message = 0; message < 50; message++) await webSocket.sendAsync('x'.repeat(1000))
    expect(webSocket.state).toBe(WebSocketState.Open)
  })
})
