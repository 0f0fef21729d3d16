import { createHook } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { inflateRawSync, constants } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { prepareMessage, WebSocketState } from 'express-use-websockets'
import { WebSocketGroup } from 'express-use-websockets/groups'
import { openBothOverTcp, openOverTcp } from '../support/web-socket-pairs.ts'

/** More than is compressed in the turn of its first send. */
const LONG = randomBytes(1_000_000).toString('hex')
const SHORT = LONG.slice(0, 65_536)
const compression = { dangerousDeflateOptions: {} }

describe('a prepared message with compression', () => {
  it('is compressed in the turn of its first send if it is short', async () => {
    const { webSocket, peer } = await openOverTcp(compression)
    void webSocket.sendAsync(prepareMessage(SHORT))
    void webSocket.pingAsync().catch(() => undefined)
    expect(await peer.nextFrame()).toMatchObject({ opcode: 1, reserved: 4 })
    expect(await peer.nextFrame()).toMatchObject({ opcode: 9 })
  })

  it('is compressed beside it if it is long, and lets control frames pass', async () => {
    const { webSocket, peer } = await openOverTcp(compression)
    const sent = webSocket.sendAsync(prepareMessage(LONG))
    expect(webSocket.bufferedAmount).toBeGreaterThanOrEqual(LONG.length)
    expect(webSocket.messagesSent).toBe(0)
    void webSocket.pingAsync().catch(() => undefined)
    await sent
    expect(webSocket).toMatchObject({ messagesSent: 1, bytesSent: LONG.length })
    expect(await peer.nextFrame()).toMatchObject({ opcode: 9 })
    const { opcode, payload, reserved } = await peer.nextFrame()
    expect({ opcode, reserved }).toEqual({ opcode: 1, reserved: 4 })
    expect(inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).toString() === LONG).toBe(true)
  })

  it('keeps its place among messages of all kinds and the Close frame, the first time and later', async () => {
    const { server, client } = await openBothOverTcp({ ...compression, maxMessageSize: 10_000_000 })
    const [long, short] = [prepareMessage(LONG), prepareMessage(SHORT)]
    const plain = ['a text', LONG.slice(0, 100_000), randomBytes(100_000)]
    for (const message of [plain[0], long, short, ...plain, long, short]) void server.sendAsync(message ?? '')
    const closed = server.closeAsync(4000)
    const received: unknown[] = []
    for await (const message of client) received.push(message)
    const expected = [plain[0], LONG, SHORT, ...plain, LONG, SHORT]
    expect(received.map((message, index) => Buffer.from(message as string).equals(Buffer.from(expected[index] ?? '')))).toEqual(
      expected.map(() => true),
    )
    expect(client.closeStatus).toBe(4000)
    await closed
    expect(server.messagesSent).toBe(expected.length)
  })

  it('is compressed once for all sockets that wait for it', async () => {
    const pairs = await Promise.all(Array.from({ length: 5 }, async () => openOverTcp(compression)))
    const message = prepareMessage(LONG)
    let contexts = 0
    const hook = createHook({ init: (_id, type) => void (type === 'ZLIB' && contexts++) }).enable()
    await Promise.all(pairs.map(async ({ webSocket }) => webSocket.sendAsync(message)))
    hook.disable()
    const frames = await Promise.all(pairs.map(async ({ peer }) => peer.nextFrame()))
    expect(frames.every(({ payload }) => frames[0]?.payload.equals(payload))).toBe(true)
    expect(contexts).toBeLessThan(2)
  })

  it.each([
    ['aborts', 'ABORT_ERR', 'abort'],
    ['disposes', 'ERR_WEBSOCKET_CLOSED_PREMATURELY', 'dispose'],
  ] as const)('does not leave any more when the application %s the socket meanwhile, but reaches the others', async (_name, code, end) => {
    const [one, other] = [await openOverTcp(compression), await openOverTcp(compression)]
    const message = prepareMessage(LONG)
    const sent = one.webSocket.sendAsync(message)
    const behind = one.webSocket.sendAsync('behind')
    const reached = other.webSocket.sendAsync(message)
    one.webSocket[end]()
    await expect(sent).rejects.toMatchObject({ code })
    await expect(behind).rejects.toMatchObject({ code })
    await reached
    expect(await other.peer.nextFrame()).toMatchObject({ opcode: 1 })
    expect(await one.peer.remainingFrames()).toEqual([])
  })

  it('is cancelled with the socket while it is being compressed, and alone while it waits behind', async () => {
    const { webSocket, peer } = await openOverTcp(compression)
    const [first, second] = [new AbortController(), new AbortController()]
    const sent = webSocket.sendAsync(prepareMessage(LONG), undefined, true, first.signal)
    const behind = webSocket.sendAsync(prepareMessage(SHORT), undefined, true, second.signal)
    second.abort()
    await expect(behind).rejects.toMatchObject({ code: 'ABORT_ERR' })
    expect(webSocket.state).toBe(WebSocketState.Open)
    first.abort()
    await expect(sent).rejects.toMatchObject({ code: 'ABORT_ERR' })
    expect(webSocket.state).toBe(WebSocketState.Aborted)
    expect(await peer.remainingFrames()).toEqual([])
  })

  it.each(['abort', 'drop', 'latest', 'wait'] as const)(
    'makes no member of a group slow while it is compressed: %s',
    async (slowMembers) => {
      const { server, client } = await openBothOverTcp({ ...compression, maxMessageSize: 10_000_000 })
      const group = new WebSocketGroup({ slowMembers, maxBufferedAmount: 1000 })
      group.add(server)
      for (const message of [LONG, 'one', 'two', LONG, 'three']) void group.send(message)
      const received: unknown[] = []
      for await (const message of client) if (received.push(String(message).slice(0, 10)) === 5) break
      expect(received).toEqual([LONG.slice(0, 10), 'one', 'two', LONG.slice(0, 10), 'three'])
      expect(group.dropped).toBe(0)
    },
  )
})
