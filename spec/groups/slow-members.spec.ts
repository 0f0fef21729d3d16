import { afterEach, describe, expect, it } from '@jest/globals'
import { setImmediate } from 'node:timers/promises'
import { WebSocketState } from 'express-use-websockets'
import { WebSocketGroup } from 'express-use-websockets/groups'
import type { SlowMemberPolicy } from 'express-use-websockets/groups'
import { everyTransport } from '../support/every-transport.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { runScript } from '../support/run-script.ts'
import { openInMemory } from '../support/web-socket-pairs.ts'
import { Door } from './grouped-clients.ts'

const MEBIBYTE = 1_048_576
/** Messages of 64 KiB each, more than the kernel buffers. */
const MESSAGES = 400
const policies: readonly SlowMemberPolicy[] = ['abort', 'drop', 'latest', 'wait']

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** One member stops reading. Sends more than any buffer holds, at the pace of a second member that reads. */
async function outrun(serve: (typeof everyTransport)[number][1], slowMembers: SlowMemberPolicy) {
  const door = new Door()
  const served = await serve(door.app)
  const [slow, quick] = [await door.open(served), await door.open(served)]
  const group = new WebSocketGroup({ slowMembers, maxBufferedAmount: MEBIBYTE })
  group.add(slow.webSocket)
  group.add(quick.webSocket)
  slow.client.stream.pause()
  const text = 'x'.repeat(65_536)
  let highest = 0
  for (let count = 0; count < MESSAGES; count++) {
    void group.send(`${count} ${text}`)
    highest = Math.max(highest, slow.webSocket.bufferedAmount)
    await quick.received(count + 1)
  }
  expect(quick.texts.map((message) => Number.parseInt(message, 10))).toEqual(Array.from({ length: MESSAGES }, (_item, index) => index))
  // One message may exceed it, and so may the buffer of the stream.
  expect(highest).toBeLessThan(MEBIBYTE + 4 * 65_536)
  expect(group.dropped).toBeGreaterThan(0)
  return { group, slow }
}

describe.each(everyTransport)('a member that stops reading, over %s', (_, serve) => {
  it.each(['abort', 'wait'] as const)('does not delay others, uses bounded memory, and is aborted: %s', async (slowMembers) => {
    const { group, slow } = await outrun(serve, slowMembers)
    expect(await slow.webSocket.completion).toMatchObject({ wasClean: false, error: { code: 'ERR_WEBSOCKET_TOO_SLOW' } })
    expect([group.size, group.has(slow.webSocket)]).toEqual([1, false])
  })

  it('does not delay others, uses bounded memory, and misses dropped messages: drop', async () => {
    const { group, slow } = await outrun(serve, 'drop')
    slow.client.stream.resume()
    expect((await slow.received(MESSAGES - group.dropped)).length).toBe(MESSAGES - group.dropped)
    await group.send('again')
    expect((await slow.receivedText('again')).at(-1)).toBe('again')
  })

  it('does not delay others, uses bounded memory, and gets the latest message when it reads again: latest', async () => {
    const { group, slow } = await outrun(serve, 'latest')
    slow.client.stream.resume()
    const texts = await slow.received(MESSAGES - group.dropped)
    expect(texts.length).toBe(MESSAGES - group.dropped)
    expect(Number.parseInt(texts.at(-1) ?? '', 10)).toBe(MESSAGES - 1)
    await group.send('again')
    expect((await slow.receivedText('again')).at(-1)).toBe('again')
  })
})

/** Sends more than the stream of an in-memory member buffers. It is written at the end of the turn. */
async function fill(group: WebSocketGroup): Promise<void> {
  await group.send('x'.repeat(2048))
  await setImmediate()
}

async function tenTurns(): Promise<string> {
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  return 'waiting'
}

/** Resolves when another member was aborted after this waitTimeout. */
async function cutOffAfter(waitTimeout: number): Promise<void> {
  const { webSocket, peer } = openInMemory({}, 1024)
  peer.duplex.pause()
  const group = new WebSocketGroup({ slowMembers: 'wait', waitTimeout })
  group.add(webSocket)
  await fill(group)
  await group.send('x')
  await webSocket.completion
}

describe('send()', () => {
  it.each(policies)('waits for a slow member only with the policy wait: %s', async (slowMembers) => {
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    const group = new WebSocketGroup({ slowMembers })
    group.add(webSocket)
    await fill(group)
    const sent = group.send('x'.repeat(2048)).then(() => 'taken')

    expect(await Promise.race([sent, tenTurns()])).toBe(slowMembers === 'wait' ? 'waiting' : 'taken')
    peer.duplex.resume()
    await sent
    expect(group.dropped).toBe(0)
  })

  it('waits for a member until it has left, with the policy wait', async () => {
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    const group = new WebSocketGroup({ slowMembers: 'wait' })
    group.add(webSocket)
    await fill(group)
    const sent = group.send('x'.repeat(2048))

    webSocket.abort()

    await sent
    expect(group.dropped).toBe(1)
  })

  it('waits for waitTimeout at most for a member that does not read, and aborts it', async () => {
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    const group = new WebSocketGroup({ slowMembers: 'wait', waitTimeout: 10 })
    group.add(webSocket)
    await fill(group)

    await group.send('x')

    expect(await webSocket.completion).toMatchObject({
      wasClean: false,
      error: { code: 'ERR_WEBSOCKET_TOO_SLOW', message: 'The peer took no data within the waitTimeout of its group (10 ms)' },
    })
  })

  it('does not abort a WebSocket that has left the group', async () => {
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    const group = new WebSocketGroup({ slowMembers: 'wait', waitTimeout: 1 })
    group.add(webSocket)
    await fill(group)
    const sent = [group.send('one'), group.send('two')]

    group.delete(webSocket)
    await cutOffAfter(1)
    peer.duplex.resume()

    await Promise.all(sent)
    expect(webSocket.state).toBe(WebSocketState.Open)
  })

  it('sends a member that reads again the latest message only', async () => {
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    const group = new WebSocketGroup({ slowMembers: 'latest' })
    group.add(webSocket)

    await fill(group)
    for (const text of ['first in the queue', '2', '3', '4']) await group.send(text)
    peer.duplex.resume()

    await peer.nextFrame()
    expect(String((await peer.nextFrame()).payload)).toBe('first in the queue')
    expect(String((await peer.nextFrame()).payload)).toBe('4')
    expect(group.dropped).toBe(2)
  })
})

describe('the memory for members that do not read', () => {
  it('is bounded by maxBufferedAmount, over each transport, by each policy, for long and for short messages', async () => {
    const { exitCode, stdout, stderr } = await runScript('spec/groups/scripts/slow-members.ts', ['--expose-gc'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const outcomes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { what: string; kept: number; bound: number })
    expect(outcomes.length).toBe(18)
    expect(outcomes.filter(({ kept, bound }) => kept > bound)).toEqual([])
  }, 120_000)
})
