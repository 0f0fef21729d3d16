import { describe, expect, it } from '@jest/globals'
import { getEventListeners } from 'node:events'
import type { WebSocketCreationOptions } from '../../lib/web-socket/create-from-stream.ts'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

const { Open, CloseSent, Aborted } = WebSocketState
const reason = new Error('no longer wanted')
const cancelled = { code: 'ABORT_ERR', name: 'AbortError', cause: reason }

describe('a cancelled sendAsync', () => {
  it('sends nothing and leaves the socket open if its signal is already aborted', async () => {
    const { webSocket, peer } = await openOverTcp()

    await expect(webSocket.sendAsync('a', undefined, false, AbortSignal.abort(reason))).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Open)
    await webSocket.sendAsync('b')
    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Text, isFinal: true, payload: Buffer.from('b') })
  })

  it('sends nothing and leaves the socket open if it is cancelled while it is queued', async () => {
    const { webSocket, peer } = await openBlocked()
    const { bufferedAmount } = webSocket
    const controller = new AbortController()
    const fragment = webSocket.sendAsync('first fragment', undefined, false, controller.signal)
    const next = webSocket.sendAsync('next', undefined, true, controller.signal)
    const after = webSocket.sendAsync('after')
    controller.abort(reason)

    await expect(fragment).rejects.toMatchObject(cancelled)
    await expect(next).rejects.toMatchObject(cancelled)
    expect(webSocket.bufferedAmount).toBe(bufferedAmount + 5)
    peer.duplex.resume()
    await after
    await peer.nextFrame()
    // No orphan continuation.
    expect(await peer.nextFrame()).toMatchObject({ opcode: Opcode.Text, isFinal: true, payload: Buffer.from('after') })
    expect(webSocket.state).toBe(Open)
  })

  it('aborts the socket if it is cancelled while its bytes are being written', async () => {
    const { webSocket, peer } = openInMemory({}, 1000)
    peer.duplex.pause()
    const controller = new AbortController()
    const sent = webSocket.sendAsync(Buffer.alloc(100_000), undefined, true, controller.signal)
    const waiting = webSocket.sendAsync('text')
    const received = webSocket.receiveAsync(Buffer.alloc(1))
    controller.abort(reason)

    for (const operation of [sent, waiting, received]) await expect(operation).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Aborted)
    await expect(webSocket.sendAsync('more')).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE', cause: cancelled })
  })

  it('aborts the socket if it is cancelled while the thread pool compresses it', async () => {
    const { webSocket } = await openOverTcp({ dangerousDeflateOptions: {} })
    const controller = new AbortController()
    const sent = webSocket.sendAsync('text'.repeat(10_000), undefined, true, controller.signal)
    controller.abort(reason)

    await expect(sent).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Aborted)
  })

  it.each([
    ['is not compressed', {}],
    ['is compressed', { dangerousDeflateOptions: {} }],
  ])('has no effect if its short message was already written and %s', async (_name, options) => {
    const { webSocket, peer } = await openOverTcp(options)
    const controller = new AbortController()
    const sent = webSocket.sendAsync('text', undefined, true, controller.signal)
    controller.abort(reason)

    await sent
    expect(await peer.nextFrame()).toMatchObject({ opcode: 1 })
    expect(webSocket.state).toBe(Open)
  })

  it('is unaffected by a cancellation after it has resolved', async () => {
    const { webSocket, peer } = await openOverTcp()
    const controller = new AbortController()
    await webSocket.sendAsync('small', undefined, true, controller.signal)
    await webSocket.sendAsync(Buffer.alloc(100_000), undefined, true, controller.signal)
    controller.abort(reason)

    expect(webSocket.state).toBe(Open)
    expect((await peer.nextFrame()).payload.toString()).toBe('small')
  })
})

describe('a cancelled receiveAsync', () => {
  it('aborts the socket if its signal is already aborted, even if a message is available', async () => {
    const { webSocket, peer } = openInMemory()
    await peer.sendFrame(Opcode.Text, 'text')

    await expect(webSocket.receiveAsync(Buffer.alloc(9), AbortSignal.abort(reason))).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Aborted)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1006, wasClean: false, endedBy: 'local', error: cancelled })
  })

  it('aborts the socket if it is cancelled while it waits', async () => {
    const { webSocket, peer } = await openOverTcp()
    const controller = new AbortController()
    const received = webSocket.receiveAsync(Buffer.alloc(9), controller.signal)
    const behind = webSocket.receiveAsync(Buffer.alloc(9))
    controller.abort(reason)

    await expect(received).rejects.toMatchObject(cancelled)
    await expect(behind).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Aborted)
    expect(await peer.remainingFrames()).toEqual([])
  })

  it('aborts the socket if it is cancelled while it waits behind another receive', async () => {
    const { webSocket } = await openOverTcp()
    const controller = new AbortController()
    const first = webSocket.receiveAsync(Buffer.alloc(9))
    const second = webSocket.receiveAsync(Buffer.alloc(9), controller.signal)
    controller.abort(reason)

    await expect(second).rejects.toMatchObject(cancelled)
    await expect(first).rejects.toMatchObject(cancelled)
  })

  it('is unaffected by a cancellation after it has resolved', async () => {
    const { webSocket, peer } = await openOverTcp()
    const controller = new AbortController()
    await peer.sendFrame(Opcode.Text, 'text')
    await webSocket.receiveAsync(Buffer.alloc(9), controller.signal)
    controller.abort(reason)

    expect(webSocket.state).toBe(Open)
  })

  it('checks its buffer and the state before its signal', async () => {
    const { webSocket, peer } = await openOverTcp()
    // @ts-expect-error It is no buffer.
    await expect(webSocket.receiveAsync(1, AbortSignal.abort())).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' })
    expect(webSocket.state).toBe(Open)
    await peer.sendFrame(Opcode.Close)
    await webSocket.receiveAsync(Buffer.alloc(1))

    await expect(webSocket.receiveAsync(Buffer.alloc(1), AbortSignal.abort())).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_INVALID_STATE',
    })
    expect(webSocket.state).toBe(WebSocketState.CloseReceived)
  })
})

describe('a cancelled close', () => {
  it.each(['closeAsync', 'closeOutputAsync'] as const)('of %s has no effect if its signal is already aborted', async (close) => {
    const { webSocket, peer } = await openOverTcp()

    await expect(webSocket[close](1000, 'bye', AbortSignal.abort(reason))).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Open)
    await webSocket.sendAsync('text')
    expect((await peer.nextFrame()).opcode).toBe(Opcode.Text)
  })

  it.each(['closeAsync', 'closeOutputAsync'] as const)(
    'of %s has no effect if it is cancelled while its frame is queued',
    async (close) => {
      const { webSocket, peer } = await openBlocked({ closeTimeout: 50 })
      const controller = new AbortController()
      const closed = webSocket[close](1000, 'bye', controller.signal)
      controller.abort(reason)

      await expect(closed).rejects.toMatchObject(cancelled)
      const sent = webSocket.sendAsync('text')
      // Longer than closeTimeout, which no longer runs.
      await new Promise((resolve) => void setTimeout(resolve, 100))
      expect(webSocket.state).toBe(Open)
      peer.duplex.resume()
      await sent
    },
  )

  it('aborts the socket if it is cancelled after the Close frame was sent', async () => {
    const { webSocket, peer } = await openOverTcp()
    const controller = new AbortController()
    const received = webSocket.receiveAsync(Buffer.alloc(1))
    const closed = webSocket.closeAsync(1000, 'bye', controller.signal)
    await peer.nextFrame()
    expect(webSocket.state).toBe(CloseSent)
    controller.abort(reason)

    await expect(closed).rejects.toMatchObject(cancelled)
    await expect(received).rejects.toMatchObject(cancelled)
    expect(webSocket.state).toBe(Aborted)
  })
})

describe('a cancelled pingAsync', () => {
  it('has no effect on the socket', async () => {
    const { webSocket, peer } = await openOverTcp()
    const controller = new AbortController()
    const waiting = webSocket.pingAsync(controller.signal)
    controller.abort(reason)

    await expect(waiting).rejects.toMatchObject(cancelled)
    await expect(webSocket.pingAsync(controller.signal)).rejects.toMatchObject(cancelled)
    await peer.sendFrame(Opcode.Pong, (await peer.nextFrame()).payload)
    const next = webSocket.pingAsync()
    await peer.sendFrame(Opcode.Pong, (await peer.nextFrame()).payload)

    expect(await next).toBeGreaterThanOrEqual(0)
    expect(webSocket.state).toBe(Open)
  })
})

describe('a signal', () => {
  it('has no listeners left after the operation has settled', async () => {
    const { webSocket, peer } = await openOverTcp()
    const { signal } = new AbortController()
    const waiting = [webSocket.receiveAsync(Buffer.alloc(1), signal), webSocket.pingAsync(signal)]
    await peer.send(rawFrame(Opcode.Text, 'a'))
    await peer.sendFrame(Opcode.Pong, (await peer.nextFrame()).payload)
    await Promise.all(waiting)
    await webSocket.sendAsync('a', undefined, true, signal)
    await webSocket.sendAsync(Buffer.alloc(100_000), undefined, true, signal)
    const closed = webSocket.closeAsync(1000, '', signal)
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await closed

    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('has no listeners left after the socket was aborted with operations waiting', async () => {
    const { webSocket } = await openBlocked()
    const { signal } = new AbortController()
    const waiting = [
      webSocket.receiveAsync(Buffer.alloc(1), signal),
      webSocket.pingAsync(signal),
      webSocket.sendAsync('a', undefined, true, signal),
      webSocket.closeAsync(1000, '', signal),
    ]
    webSocket.abort()
    await Promise.allSettled(waiting)

    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

/** A socket whose transport is blocked by one frame of 5,000 bytes, because its peer does not read. */
async function openBlocked(options: WebSocketCreationOptions = {}): Promise<ReturnType<typeof openInMemory>> {
  const pair = openInMemory(options, 1000)
  pair.peer.duplex.pause()
  await pair.webSocket.sendAsync(Buffer.alloc(5000))
  await new Promise(setImmediate)
  return pair
}
