import { afterEach, describe, expect, it } from '@jest/globals'
import { constants, inflateRawSync } from 'node:zlib'
import { prepareMessage, WebSocketState } from 'express-use-websockets'
import { WebSocketGroup } from 'express-use-websockets/groups'
import { everyTransport } from '../support/every-transport.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { openInMemory } from '../support/web-socket-pairs.ts'
import { Door } from './grouped-clients.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

describe.each(everyTransport)('a group over %s', (_, serve) => {
  it('sends to all members except excluded ones, in order', async () => {
    const door = new Door()
    const served = await serve(door.app)
    const [ada, bob, eve] = [await door.open(served), await door.open(served), await door.open(served)]
    const group = new WebSocketGroup()
    for (const { webSocket } of [ada, bob, eve]) expect(group.add(webSocket)).toBe(true)

    await group.send('to all')
    await group.send('not to ada', { except: ada.webSocket })
    await group.send(prepareMessage('to eve'), { except: new Set([ada.webSocket, bob.webSocket]) })
    group.delete(bob.webSocket)
    await group.send('the end')
    await bob.webSocket.sendAsync('gone')

    expect(await ada.receivedText('the end')).toEqual(['to all', 'the end'])
    expect(await bob.receivedText('gone')).toEqual(['to all', 'not to ada', 'gone'])
    expect(await eve.receivedText('the end')).toEqual(['to all', 'not to ada', 'to eve', 'the end'])
    expect(group.dropped).toBe(0)
  })

  it.each([
    ['closes', 'close'],
    ['vanishes', 'vanish'],
  ] as const)('is left by a member that %s', async (_how, how) => {
    const door = new Door()
    const served = await serve(door.app)
    const [ada, bob] = [await door.open(served), await door.open(served)]
    const group = new WebSocketGroup()
    group.add(ada.webSocket)
    group.add(bob.webSocket)

    ada.client[how]()
    await ada.webSocket.completion

    expect([group.size, group.has(bob.webSocket)]).toEqual([1, true])
    await group.send('who is there')
    expect(await bob.received(1)).toEqual(['who is there'])
  })
})

describe('the members of a group', () => {
  it('are added once, removed once, and iterated over as they are at the time', () => {
    const [one, two] = [openInMemory().webSocket, openInMemory().webSocket]
    const group = new WebSocketGroup()

    expect([group.add(one), group.add(one), group.add(two)]).toEqual([true, false, true])
    expect([group.size, group.has(one)]).toEqual([2, true])
    const seen: unknown[] = []
    for (const webSocket of group) {
      seen.push(webSocket)
      group.delete(webSocket)
    }
    expect([seen.length, seen[0] === one, seen[1] === two]).toEqual([2, true, true])
    expect([group.size, group.has(one), group.delete(one)]).toEqual([0, false, false])
  })

  it('can be in several groups, and are removed from all when they have completed', async () => {
    const { webSocket } = openInMemory()
    const groups = Array.from({ length: 3 }, () => new WebSocketGroup())
    for (const group of groups) group.add(webSocket)
    groups[0]?.delete(webSocket)

    webSocket.abort()
    await webSocket.completion

    expect(groups.map(({ size }) => size)).toEqual([0, 0, 0])
  })

  it.each(['abort', 'dispose'] as const)('do not include closed WebSockets: %s', async (how) => {
    const { webSocket, peer } = openInMemory()
    webSocket[how]()
    peer.end()
    const group = new WebSocketGroup()

    expect([group.add(webSocket), group.size]).toEqual([false, 0])
    await webSocket.completion
    expect([group.add(webSocket), group.size]).toEqual([false, 0])
  })

  it('get no more messages after they have sent a Close frame, without an error', async () => {
    const { webSocket, peer } = openInMemory()
    const group = new WebSocketGroup()
    group.add(webSocket)

    await webSocket.closeOutputAsync(1000)
    await group.send('too late')

    expect(webSocket.state).toBe(WebSocketState.CloseSent)
    expect(await peer.nextFrame()).toMatchObject({ opcode: 8 })
    expect([peer.frames, group.dropped]).toEqual([[], 0])
  })

  it('miss messages that are sent between the frames of a message, which is counted', async () => {
    const { webSocket, peer } = openInMemory()
    const group = new WebSocketGroup()
    group.add(webSocket)

    await webSocket.sendAsync('one ', 0, false)
    await group.send('between')
    await webSocket.sendAsync('message')
    await group.send('behind')

    const frames = [await peer.nextFrame(), await peer.nextFrame(), await peer.nextFrame()]
    expect(frames.map(({ payload }) => String(payload))).toEqual(['one ', 'message', 'behind'])
    expect(group.dropped).toBe(1)
  })
})

describe('a group of clients with compression', () => {
  it('compresses a message once for all members', async () => {
    const group = new WebSocketGroup()
    const peers = Array.from({ length: 3 }, () => {
      const { webSocket, peer } = openInMemory({ dangerousDeflateOptions: {} })
      group.add(webSocket)
      return peer
    })
    const text = 'the same text for all, '.repeat(100)
    const message = prepareMessage(text)
    await group.send(message)
    await group.send(text)

    for (const peer of peers) {
      const [first, second] = [await peer.nextFrame(), await peer.nextFrame()]
      expect(first.reserved).toBe(4)
      expect(
        inflateRawSync(Buffer.concat([first.payload, Buffer.of(0, 0, 255, 255)]), { finishFlush: constants.Z_SYNC_FLUSH }).toString(),
      ).toBe(text)
      expect(second).toEqual(first)
    }
  })
})
