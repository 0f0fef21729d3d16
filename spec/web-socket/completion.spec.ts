import { describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

const { Open, Aborted } = WebSocketState
const clean = { closeStatus: 1000, closeStatusDescription: '', wasClean: true, error: undefined }
const cut = { closeStatus: 1006, closeStatusDescription: '', wasClean: false }

describe('completion', () => {
  it('resolves when the connection has ended after the close handshake', async () => {
    const { webSocket, peer } = await openOverTcp()
    let isCompleted = false
    const completion = webSocket.completion.finally(() => (isCompleted = true))
    const closed = webSocket.closeAsync(1000)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await closed
    await peer.ended

    expect(isCompleted).toBe(false)
    peer.end()
    expect(await completion).toEqual({ ...clean, endedBy: 'local' })
  })

  it('is the same promise before and after the end', async () => {
    const { webSocket } = await openOverTcp()
    const before = webSocket.completion
    webSocket.abort()

    expect(webSocket.completion).toBe(before)
    expect(await webSocket.completion).toBe(await before)
  })

  it('reports the code and reason of a peer that closed first', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.closeOutputAsync(4001, 'see you')
    peer.end()

    expect(await webSocket.completion).toEqual({
      closeStatus: 4000,
      closeStatusDescription: 'bye',
      wasClean: true,
      endedBy: 'remote',
      error: undefined,
    })
  })

  it('is not clean if the Close frame of the peer is not answered', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    await webSocket.receiveAsync(Buffer.alloc(1))
    webSocket.dispose()
    peer.end()

    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: false, endedBy: 'remote' })
  })

  it('reports the code of the application if the peer does not answer', async () => {
    const { webSocket, peer } = await openOverTcp()
    await webSocket.closeOutputAsync(4000, 'bye')
    peer.end()

    expect(await webSocket.completion).toMatchObject({
      closeStatus: 4000,
      closeStatusDescription: 'bye',
      wasClean: false,
      endedBy: 'local',
    })
  })

  it('reports an abort', async () => {
    const { webSocket } = await openOverTcp()
    webSocket.abort()

    expect(await webSocket.completion).toMatchObject({ ...cut, endedBy: 'local', error: { code: 'ABORT_ERR' } })
  })

  it('reports a dispose', async () => {
    const { webSocket, peer } = await openOverTcp()
    webSocket.dispose()
    expect(await peer.ended).toBe('end')
    peer.end()

    expect(await webSocket.completion).toEqual({ ...cut, endedBy: 'local', error: undefined })
  })

  it('reports a peer that ends without a Close frame at once, even without a receive', async () => {
    const { webSocket, peer } = await openOverTcp()
    peer.end()

    expect(await webSocket.completion).toMatchObject({ ...cut, endedBy: 'remote', error: { code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' } })
    expect(webSocket.state).toBe(Aborted)
    expect(await peer.ended).toBe('end')
  })

  it('reports a peer that ends within a frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    const received = webSocket.receiveAsync(Buffer.alloc(10))
    await peer.send(rawFrame(Opcode.Text, 'text').subarray(0, 8))
    peer.end()

    await expect(received).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
    expect(await webSocket.completion).toMatchObject({ ...cut, endedBy: 'remote' })
  })

  it('resolves after the messages that arrived before the peer ended were received', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(rawFrame(Opcode.Text, 'first'), rawFrame(Opcode.Text, 'second'))
    peer.end()
    await once(peer.duplex, 'finish')
    await new Promise((resolve) => void setTimeout(resolve, 20))

    expect(webSocket.state).toBe(Open)
    const messages: unknown[] = []
    for await (const message of webSocket) messages.push(message)
    expect(messages).toEqual(['first', 'second'])
    expect(await webSocket.completion).toMatchObject({ ...cut, endedBy: 'remote' })
  })

  it('waits for them no longer than closeTimeout', async () => {
    const { webSocket, peer } = await openOverTcp({ closeTimeout: 20 })
    await peer.sendFrame(Opcode.Text, 'unread')
    peer.end()

    expect(await webSocket.completion).toMatchObject({
      ...cut,
      endedBy: 'remote',
      error: { code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', message: 'The peer ended the connection without a Close frame' },
    })
  })

  it('reports a connection reset', async () => {
    const { webSocket, peer } = await openOverTcp()
    if ('resetAndDestroy' in peer.duplex && typeof peer.duplex.resetAndDestroy === 'function') peer.duplex.resetAndDestroy()

    expect(await webSocket.completion).toMatchObject({
      ...cut,
      endedBy: 'remote',
      error: { code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY', cause: { code: 'ECONNRESET' } },
    })
  })

  it('reports a protocol violation, with the code sent to the peer', async () => {
    const { webSocket, peer } = await openOverTcp()
    const received = webSocket.receiveAsync(Buffer.alloc(1))
    await peer.sendFrame(3)
    await expect(received).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' })
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1002))
    peer.end()

    expect(await webSocket.completion).toMatchObject({
      closeStatus: 1002,
      wasClean: false,
      endedBy: 'local',
      error: { code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' },
    })
  })

  it('resolves if the transport was destroyed right after the socket was created', async () => {
    const { webSocket, stream } = openInMemory()
    stream.destroy(new Error('gone'))

    expect(await webSocket.completion).toMatchObject({ ...cut, error: { cause: { message: 'gone' } } })
  })

  it('resolves at the end of await using, after the answer to the peer', async () => {
    const { webSocket, peer } = await openOverTcp()
    peer.duplex.on('end', () => peer.end())
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    const run = async (): Promise<void> => {
      await using used = webSocket
      for await (const message of used) expect(message).toBeUndefined()
    }
    await run()

    expect((await peer.remainingFrames()).map(({ payload }) => payload)).toEqual([closePayload(4000, 'bye')])
    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: true })
  })
})

describe('a WebSocket', () => {
  it('keeps reading even if its stream ends with the peer (allowHalfOpen: false)', async () => {
    const { stream: socket, peer } = await openOverTcp()
    // As net.connect() creates it.
    const stream = Duplex.from({ readable: socket, writable: socket })
    stream.allowHalfOpen = false
    const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true })
    await peer.send(rawFrame(Opcode.Close, closePayload(1000)))
    peer.end()
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.closeOutputAsync(1000)

    expect((await peer.remainingFrames()).map(({ opcode }) => opcode)).toEqual([Opcode.Close])
  })
})
