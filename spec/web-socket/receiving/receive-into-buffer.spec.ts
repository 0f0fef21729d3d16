import { describe, expect, it } from '@jest/globals'
import { setImmediate } from 'node:timers/promises'
import type { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import type { WebSocketReceiveResult } from '../../../lib/web-socket/receiving/receive-into-buffer.ts'
import { WebSocketMessageType } from '../../../lib/web-socket/values/web-socket-message-type.ts'
import { WebSocketState } from '../../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { openInMemory, openOverTcp } from '../../support/web-socket-pairs.ts'

const { Text, Binary, Close } = WebSocketMessageType

describe('receiveAsync', () => {
  it('reports the type of a message and its end', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'text')
    await peer.sendFrame(Opcode.Binary, Buffer.of(1, 2, 3))

    expect(await receive(webSocket, 10)).toEqual(['text', Text, true])
    expect(await receive(webSocket, 10)).toEqual(['\x01\x02\x03', Binary, true])
  })

  it('returns a message in parts of the size of the buffer', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'abcdefgh')

    expect(await receive(webSocket, 3)).toEqual(['abc', Text, false])
    expect(await receive(webSocket, 3)).toEqual(['def', Text, false])
    expect(await receive(webSocket, 3)).toEqual(['gh', Text, true])
  })

  it('reports the end of a message that fits exactly', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Binary, 'abcdef')

    expect(await receive(webSocket, 3)).toEqual(['abc', Binary, false])
    expect(await receive(webSocket, 3)).toEqual(['def', Binary, true])
  })

  it('returns at the end of a frame, with the type of the first fragment', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'ab', { isFinal: false })
    await peer.sendFrame(Opcode.Continuation, 'cd', { isFinal: false })
    await peer.sendFrame(Opcode.Continuation, 'ef')

    expect(await receive(webSocket, 10)).toEqual(['ab', Text, false])
    expect(await receive(webSocket, 10)).toEqual(['cd', Text, false])
    expect(await receive(webSocket, 10)).toEqual(['ef', Text, true])
  })

  it('returns 0 for an empty fragment, with endOfMessage only if it is the last', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Binary, '', { isFinal: false })
    await peer.sendFrame(Opcode.Continuation, '', { isFinal: false })
    await peer.sendFrame(Opcode.Continuation, '')
    await peer.sendFrame(Opcode.Text, '')

    expect(await receive(webSocket, 10)).toEqual(['', Binary, false])
    expect(await receive(webSocket, 10)).toEqual(['', Binary, false])
    expect(await receive(webSocket, 10)).toEqual(['', Binary, true])
    expect(await receive(webSocket, 10)).toEqual(['', Text, true])
  })

  it('waits for a message with an empty buffer, and consumes nothing', async () => {
    const { webSocket, peer } = await openOverTcp()
    const waiting = receive(webSocket, 0)
    await peer.sendFrame(Opcode.Ping)
    await peer.nextFrame()
    await peer.sendFrame(Opcode.Text, 'text')

    expect(await waiting).toEqual(['', Text, false])
    expect(await receive(webSocket, 0)).toEqual(['', Text, false])
    expect(await receive(webSocket, 4)).toEqual(['text', Text, true])
  })

  it('returns an empty message and a Close frame with an empty buffer', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Binary, '')
    await peer.sendFrame(Opcode.Close, closePayload(1001, 'bye'))

    expect(await receive(webSocket, 0)).toEqual(['', Binary, true])
    expect(await receive(webSocket, 0)).toEqual(['', Close, true])
  })

  it('waits until the buffer is full or the frame ends', async () => {
    const { webSocket, peer } = openInMemory()
    const frame = rawFrame(Opcode.Text, 'abcdef')
    const received = receive(webSocket, 4)
    let isReceived = false
    void received.finally(() => (isReceived = true))
    for (const byte of frame.subarray(0, -3)) await peer.send(Buffer.of(byte))
    // In memory, sent bytes arrive at once.
    await setImmediate()
    expect(isReceived).toBe(false)
    await peer.send(frame.subarray(-3))

    expect(await received).toEqual(['abcd', Text, false])
    expect(await receive(webSocket, 4)).toEqual(['ef', Text, true])
  })

  it('fills a view of any type within its bounds', async () => {
    const { webSocket, peer } = await openOverTcp()
    const memory = new ArrayBuffer(8)
    const bytes = Buffer.from(memory)
    for (const view of [new DataView(memory, 2, 3), new Uint16Array(memory, 2, 2), memory, bytes.subarray(1, 3)]) {
      await peer.sendFrame(Opcode.Binary, 'wxyz')
      bytes.fill('.')
      const { count } = await webSocket.receiveAsync(view)
      const start = view instanceof ArrayBuffer ? 0 : view.byteOffset

      expect(bytes.toString()).toBe('.'.repeat(start) + 'wxyz'.slice(0, count) + '.'.repeat(8 - start - count))
      if (count < 4) await webSocket.receiveAsync(Buffer.alloc(8))
    }
  })

  it('fills shared memory', async () => {
    const { webSocket, peer } = await openOverTcp()
    const memory = new SharedArrayBuffer(8)
    await peer.sendFrame(Opcode.Text, 'tent \u2713')

    expect(await webSocket.receiveAsync(memory)).toMatchObject({ count: 8, endOfMessage: true })
    expect(Buffer.from(memory).toString()).toBe('tent \u2713')
  })

  it('returns a settled promise if data has arrived already', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'ab')
    await webSocket.receiveAsync(Buffer.alloc(1))
    const order: string[] = []
    const received = webSocket.receiveAsync(Buffer.alloc(1)).then(() => order.push('received'))
    const settled = Promise.resolve().then(() => order.push('settled'))
    await Promise.all([received, settled])

    expect(order).toEqual(['received', 'settled'])
  })

  it('serves concurrent calls in order, across messages', async () => {
    const { webSocket, peer } = await openOverTcp()
    const received = Promise.all([receive(webSocket, 2), receive(webSocket, 2), receive(webSocket, 9), receive(webSocket, 9)])
    await peer.send(rawFrame(Opcode.Text, 'abc'), rawFrame(Opcode.Binary, 'def'), rawFrame(Opcode.Close))

    expect(await received).toEqual([
      ['ab', Text, false],
      ['c', Text, true],
      ['def', Binary, true],
      ['', Close, true],
    ])
  })

  it('returns queued messages: plain, non-ASCII, longer than the buffer, empty, and finally an invalid one', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(
      rawFrame(Opcode.Text, 'first'),
      rawFrame(Opcode.Text, 'plain'),
      rawFrame(Opcode.Text, 'gr\u00fcn'),
      rawFrame(Opcode.Binary, 'exact fit'),
      rawFrame(Opcode.Text, 'more than fits'),
      rawFrame(Opcode.Ping, 'ping'),
      rawFrame(Opcode.Binary, ''),
      rawFrame(Opcode.Text, Buffer.from('61ff', 'hex')),
    )
    const received = []
    for (let count = 0; count < 7; count++) received.push(await receive(webSocket, 9))

    expect(received).toEqual([
      ['first', Text, true],
      ['plain', Text, true],
      ['gr\u00fcn', Text, true],
      ['exact fit', Binary, true],
      ['more than', Text, false],
      [' fits', Text, true],
      ['', Binary, true],
    ])
    await expect(webSocket.receiveAsync(Buffer.alloc(9))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_PAYLOAD' })
  })

  it('returns the Close frame to one call, and rejects those queued behind it', async () => {
    const { webSocket, peer } = await openOverTcp()
    const first = webSocket.receiveAsync(Buffer.alloc(1))
    const second = webSocket.receiveAsync(Buffer.alloc(1))
    await peer.sendFrame(Opcode.Close, closePayload(3000, 'why'))

    expect(await first).toEqual({ count: 0, messageType: Close, endOfMessage: true, closeStatus: 3000, closeStatusDescription: 'why' })
    await expect(second).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
    expect(webSocket.state).toBe(WebSocketState.CloseReceived)
  })

  it('reports no close status before a Close frame', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, 'text')

    expect(await webSocket.receiveAsync(Buffer.alloc(9))).toMatchObject({ closeStatus: null, closeStatusDescription: null })
    expect([webSocket.closeStatus, webSocket.closeStatusDescription]).toEqual([null, null])
  })

  it('neither modifies nor exposes the chunks of the transport', async () => {
    const { webSocket, peer, stream } = openInMemory()
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    const frame = Buffer.concat([rawFrame(Opcode.Binary, 'masked payload'), rawFrame(Opcode.Binary, 'another one')])
    await peer.send(frame)
    const buffer = Buffer.alloc(20)
    await webSocket.receiveAsync(buffer)
    const iterator = webSocket[Symbol.asyncIterator]()
    const { value } = await iterator.next()
    buffer.fill(0)
    if (Buffer.isBuffer(value)) value.fill(0)

    expect(Buffer.concat(chunks).equals(frame)).toBe(true)
  })

  it('validates text across fragments and calls', async () => {
    const { webSocket, peer } = await openOverTcp()
    const text = Buffer.from('\u03ba\u1f79\u{1f600}')
    await peer.send(
      ...Array.from(text, (byte, index) => rawFrame(index === 0 ? 1 : 0, Buffer.of(byte), { isFinal: index === text.length - 1 })),
    )
    const buffer = Buffer.alloc(1)
    const received: number[] = []
    let result: WebSocketReceiveResult
    do {
      result = await webSocket.receiveAsync(buffer)
      received.push(buffer[0] ?? 0)
    } while (!result.endOfMessage)

    expect(Buffer.from(received).toString()).toBe('\u03ba\u1f79\u{1f600}')
  })

  it.each([
    ['in one frame', [rawFrame(Opcode.Text, Buffer.from('61e282', 'hex'))]],
    ['before an empty last fragment', [rawFrame(Opcode.Text, Buffer.from('61e282', 'hex'), { isFinal: false }), rawFrame(0, '')]],
    ['in the second fragment', [rawFrame(Opcode.Text, 'a', { isFinal: false }), rawFrame(0, Buffer.from('e282', 'hex'))]],
  ])('rejects text that ends within a character, %s, with 1007', async (_, frames) => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(...frames)

    await expect(receiveAll(webSocket)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_PAYLOAD' })
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1007))
    expect(webSocket.state).toBe(WebSocketState.Aborted)
  })

  it('rejects invalid text before the rest of the message has arrived', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.send(rawFrame(Opcode.Text, Buffer.concat([Buffer.from('ab'), Buffer.of(0xc0), Buffer.alloc(100)])).subarray(0, 10))

    await expect(webSocket.receiveAsync(Buffer.alloc(200))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_PAYLOAD' })
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1007))
  })

  it('returns the valid part of a text, and rejects the call that reaches the invalid part', async () => {
    const { webSocket, peer } = await openOverTcp()
    await peer.sendFrame(Opcode.Text, Buffer.from('6162ff63', 'hex'))

    expect(await receive(webSocket, 2)).toEqual(['ab', Text, false])
    await expect(webSocket.receiveAsync(Buffer.alloc(2))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_PAYLOAD' })
  })

  it('accepts any bytes as binary', async () => {
    const { webSocket, peer } = await openOverTcp()
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    await peer.sendFrame(Opcode.Binary, bytes)
    const buffer = Buffer.alloc(256)
    await webSocket.receiveAsync(buffer)

    expect(buffer).toEqual(bytes)
  })

  it('throws an error if the argument is not a buffer', async () => {
    const { webSocket } = await openOverTcp()
    for (const buffer of ['text', 5, null, undefined, [1, 2]]) {
      // @ts-expect-error None of them is a buffer.
      await expect(webSocket.receiveAsync(buffer)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'buffer' })
    }
  })
})

async function receive(
  webSocket: ManagedWebSocket,
  size: number,
): Promise<[text: string, messageType: WebSocketMessageType, endOfMessage: boolean]> {
  const buffer = Buffer.alloc(size)
  const { count, messageType, endOfMessage } = await webSocket.receiveAsync(buffer)
  return [buffer.toString('utf8', 0, count), messageType, endOfMessage]
}

async function receiveAll(webSocket: ManagedWebSocket): Promise<void> {
  while (!(await webSocket.receiveAsync(Buffer.alloc(100))).endOfMessage);
}
