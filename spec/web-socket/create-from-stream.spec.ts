import { describe, expect, it } from '@jest/globals'
import { Duplex, PassThrough, Readable } from 'node:stream'
import type { WebSocketCreationOptions } from '../../lib/web-socket/create-from-stream.ts'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import { prepareMessage } from '../../lib/web-socket/prepared-message.ts'
import { WebSocketMessageType } from '../../lib/web-socket/values/web-socket-message-type.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { openBothOverTcp, openInMemory, openOverTcp } from '../support/web-socket-pairs.ts'

describe('ManagedWebSocket.createFromStream', () => {
  it('creates an open WebSocket', async () => {
    const { webSocket } = await openOverTcp()

    expect(webSocket.state).toBe(WebSocketState.Open)
    expect([webSocket.subProtocol, webSocket.isCompressed, webSocket.bufferedAmount]).toEqual([null, false, 0])
    expect([webSocket.closeStatus, webSocket.closeStatusDescription]).toEqual([null, null])
  })

  it('keeps the sub-protocol', async () => {
    expect((await openOverTcp({ subProtocol: 'chat.v1' })).webSocket.subProtocol).toBe('chat.v1')
    expect((await openOverTcp({ subProtocol: null })).webSocket.subProtocol).toBeNull()
  })

  it('acts as the client by default', async () => {
    const stream = openInMemory().stream
    const written: Buffer[] = []
    const webSocket = ManagedWebSocket.createFromStream(
      Duplex.from({ readable: stream, writable: new PassThrough().on('data', (chunk: Buffer) => written.push(chunk)) }),
    )
    await webSocket.sendAsync('text')
    await new Promise(setImmediate)

    expect((Buffer.concat(written)[1] ?? 0) & 0x80).toBe(0x80)
  })

  it('reads from a paused stream, including what it has buffered', async () => {
    const stream = new PassThrough()
    stream.pause()
    stream.write(rawFrame(Opcode.Text, 'buffered'))
    const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true })

    expect(await webSocket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 'buffered' })
  })

  it.each([
    ['a Readable', new Readable(), "The argument 'stream' must be a Duplex stream"],
    ['nothing', undefined, "The argument 'stream' must be a Duplex stream"],
    ['a stream that was ended', new PassThrough().end(), "The argument 'stream' must be writable"],
    ['a destroyed stream', new Duplex().destroy(), "The argument 'stream' must be readable"],
  ])('refuses %s', (_, stream, message) => {
    // @ts-expect-error Some of them are not even Duplex streams.
    const create = (): ManagedWebSocket => ManagedWebSocket.createFromStream(stream)

    expect(create).toThrow(expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'stream' }))
    expect(create).toThrow(message)
  })

  const durations = [-1, NaN, '5', null, -Infinity]
  const mistakes: [option: keyof WebSocketCreationOptions, values: unknown[]][] = [
    ['closeAnswerTimeout', durations],
    ['closeTimeout', durations],
    ['keepAliveInterval', durations],
    ['keepAliveTimeout', durations],
    ['maxMessageSize', [0, -1, 1.5, NaN, '5', null]],
    ['isServer', ['true', 1, null]],
    ['subProtocol', ['', ' ', 'a b', 'a,b', 'a\r\nb', '"a"', '\u00e9', 5]],
  ]

  it.each(mistakes.flatMap(([option, values]) => values.map((value) => ({ option, value }))))(
    'rejects the option $option: $value',
    ({ option, value }) => {
      const create = (): ManagedWebSocket => ManagedWebSocket.createFromStream(new PassThrough(), { [option]: value })

      expect(create).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_WEBSOCKET_INVALID_(OPTION|ARGUMENT)$/), argument: option }),
      )
      expect(create).toThrow(`'${option}'`)
    },
  )

  it.each([
    ['clientMaxWindowBits', 8],
    ['serverMaxWindowBits', 16],
    ['compressionLevel', 10],
    ['compressionThreshold', -1],
    ['clientContextTakeover', 'yes'],
    ['serverContextTakeover', 0],
  ])('rejects the deflate option %s: %p', (option, value) => {
    expect(() => ManagedWebSocket.createFromStream(new PassThrough(), { dangerousDeflateOptions: { [option]: value } })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_WEBSOCKET_INVALID_(OPTION|ARGUMENT)$/), argument: option }),
    )
  })

  it('suggests the name of a misspelt option', () => {
    // @ts-expect-error There is no such option.
    expect(() => ManagedWebSocket.createFromStream(new PassThrough(), { keepaliveInterval: 5 })).toThrow(
      "Did you mean 'keepAliveInterval'?",
    )
    // @ts-expect-error There is no such option either.
    expect(() => ManagedWebSocket.createFromStream(new PassThrough(), { colour: 'red' })).toThrow(/'colour'.*The options are/)
  })
})

describe("the client's role", () => {
  it('masks every frame with a new key', async () => {
    const { webSocket, peer } = await openOverTcp({ isServer: false })
    const keys = new Set<string>()
    peer.duplex.on('data', (chunk: Buffer) => keys.add(chunk.toString('hex', 2, 6)))
    for (const data of ['text', 'text', Buffer.alloc(5)]) {
      await webSocket.sendAsync(data)

      expect(await peer.nextFrame()).toMatchObject({ isMasked: true, payload: Buffer.from(data) })
    }
    await webSocket.sendAsync(Buffer.alloc(100_000, 'x'))
    expect((await peer.nextFrame()).payload.equals(Buffer.alloc(100_000, 'x'))).toBe(true)
    await webSocket.sendAsync(prepareMessage('prepared'))
    expect(await peer.nextFrame()).toMatchObject({ isMasked: true, payload: Buffer.from('prepared') })
    await webSocket.closeOutputAsync(1000)
    expect(await peer.nextFrame()).toMatchObject({ isMasked: true, payload: closePayload(1000) })

    expect(keys.size).toBeGreaterThanOrEqual(6)
  })

  it('does not mask the data of the caller in place', async () => {
    const { webSocket, peer } = await openOverTcp({ isServer: false })
    const data = Buffer.from('data')
    await webSocket.sendAsync(data)
    await peer.nextFrame()

    expect(data.toString()).toBe('data')
  })

  it('accepts unmasked frames and rejects masked ones', async () => {
    const { webSocket, peer } = await openOverTcp({ isServer: false })
    await peer.sendFrame(Opcode.Text, 'unmasked')
    expect(await webSocket[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 'unmasked' })
    await peer.sendFrame(Opcode.Text, 'masked', { mask: Buffer.of(1, 2, 3, 4) })

    await expect(webSocket.receiveAsync(Buffer.alloc(9))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_PROTOCOL_ERROR' })
    expect((await peer.nextFrame()).payload).toEqual(closePayload(1002))
  })

  it("exchanges small and large messages with the server's role, in both directions", async () => {
    const { server, client } = await openBothOverTcp()
    const messages = ['', 'text', Buffer.of(1, 2, 3), 'x'.repeat(70_000), Buffer.alloc(300_000, 7)]
    const echo = (async () => {
      for await (const message of server) await server.sendAsync(message)
      await server.closeAsync(1000)
    })()
    for (const message of messages) {
      await client.sendAsync(message)

      expect(await client[Symbol.asyncIterator]().next()).toEqual({ done: false, value: message })
    }
    await client.closeAsync(1000)
    await echo

    expect(await client.completion).toMatchObject({ wasClean: true })
    expect(await server.completion).toMatchObject({ wasClean: true })
  })
})

describe('prepareMessage', () => {
  it('is sent like the data that it was made from, by any number of sockets', async () => {
    const text = prepareMessage('text')
    const binary = prepareMessage(new Uint8Array([1, 2, 3]))
    const large = prepareMessage('x'.repeat(100_000))
    const asText = prepareMessage(Buffer.from('bytes'), WebSocketMessageType.Text)
    for (let count = 0; count < 3; count++) {
      const { webSocket, peer } = await openOverTcp()
      for (const message of [text, binary, large, asText, 'end']) void webSocket.sendAsync(message)
      const frames = [
        await peer.nextFrame(),
        await peer.nextFrame(),
        await peer.nextFrame(),
        await peer.nextFrame(),
        await peer.nextFrame(),
      ]

      expect(frames.map(({ opcode, payload }) => [opcode, payload.toString()])).toEqual([
        [Opcode.Text, 'text'],
        [Opcode.Binary, '\x01\x02\x03'],
        [Opcode.Text, 'x'.repeat(100_000)],
        [Opcode.Text, 'bytes'],
        [Opcode.Text, 'end'],
      ])
    }
  })

  it('copies the data', async () => {
    const { webSocket, peer } = await openOverTcp()
    const data = Buffer.from('data')
    const message = prepareMessage(data)
    data.fill('x')
    await webSocket.sendAsync(message)

    expect((await peer.nextFrame()).payload.toString()).toBe('data')
  })

  it('is queued, and can be cancelled until it is sent', async () => {
    const { webSocket, peer } = openInMemory({}, 1000)
    peer.duplex.pause()
    await webSocket.sendAsync(Buffer.alloc(5000))
    await new Promise(setImmediate)
    const controller = new AbortController()
    const cancelled = webSocket.sendAsync(prepareMessage('cancelled'), undefined, true, controller.signal)
    const sent = webSocket.sendAsync(prepareMessage('sent'))
    controller.abort()
    peer.duplex.resume()
    await sent

    await expect(cancelled).rejects.toMatchObject({ code: 'ABORT_ERR' })
    await peer.nextFrame()
    expect((await peer.nextFrame()).payload.toString()).toBe('sent')
  })

  it('is rejected between the fragments of a message, before the state is checked', async () => {
    const { webSocket } = await openOverTcp()
    await webSocket.sendAsync('fragment', undefined, false)
    webSocket.abort()

    await expect(webSocket.sendAsync(prepareMessage('text'))).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
      argument: 'data',
    })
  })

  it('throws an error for invalid arguments', () => {
    expect(() => prepareMessage('text', WebSocketMessageType.Close)).toThrow(expect.objectContaining({ argument: 'messageType' }))
    // @ts-expect-error It is not data.
    expect(() => prepareMessage(5)).toThrow(expect.objectContaining({ argument: 'data' }))
  })
})
