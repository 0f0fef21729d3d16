import { EventEmitter, once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import type { Backplane } from 'express-use-websockets/groups'
import { runScript } from '../support/run-script.ts'
import { until } from '../support/until.ts'
import { openInMemory } from '../support/web-socket-pairs.ts'

/** A backplane for one process, which delivers synchronously. */
function createEngine(): Backplane & { readonly events: EventEmitter } {
  const events = new EventEmitter()
  return {
    events,
    publish: async (channel, message) => events.emit(channel, message),
    subscribe(channel, listener) {
      events.on(channel, listener)
      return { active: Promise.resolve(), unsubscribe: () => events.off(channel, listener) }
    },
  }
}

describe('groups with a custom backplane', () => {
  it('with the same name are one group, whether of WebSocketGroup or WebSocketGroups', async () => {
    const engine = createEngine()
    const [ada, bob] = [openInMemory(), openInMemory()]
    using groups = new WebSocketGroups({ backplane: engine })
    using group = new WebSocketGroup({ backplane: engine, name: 'lobby' })
    groups.add('lobby', ada.webSocket)
    group.add(bob.webSocket)
    expect([await groups.whenListening('lobby'), await group.whenListening()]).toEqual([true, true])

    await group.send('from the group')
    await groups.send('lobby', 'from the groups')

    for (const { peer } of [ada, bob]) {
      expect([await peer.nextFrame(), await peer.nextFrame()].map(({ payload }) => String(payload))).toEqual([
        'from the group',
        'from the groups',
      ])
    }
  })

  it('subscribe with the first member, and unsubscribe when the last has left or they are disposed', async () => {
    const engine = createEngine()
    const [ada, bob, eve] = [openInMemory().webSocket, openInMemory().webSocket, openInMemory().webSocket]
    const groups = new WebSocketGroups({ backplane: engine })
    const counts = (): number[] => ['lobby', 'garden'].map((name) => engine.events.listenerCount(name))

    groups.add('lobby', ada)
    groups.add('lobby', bob)
    expect(counts()).toEqual([1, 0])
    groups.delete('lobby', ada)
    bob.abort()
    await bob.completion
    expect([counts(), await groups.whenListening('lobby')]).toEqual([[0, 0], false])
    groups.add('garden', eve)
    groups.dispose()
    expect([counts(), groups.size, eve.state]).toEqual([[0, 0], 0, 2])
    expect(() => groups.add('garden', eve)).toThrow(
      expect.objectContaining({
        code: 'ERR_WEBSOCKET_INVALID_STATE',
        message: 'The groups were disposed, so no WebSocket can become a member',
      }),
    )
    expect([counts(), groups.size]).toEqual([[0, 0], 0])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no engine')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no engine'))],
  ])('report that publish() %s, and keep working locally', async (_how, publish: () => Promise<unknown>) => {
    const { webSocket, peer } = openInMemory()
    const errors: string[] = []
    using groups = new WebSocketGroups({
      backplane: { ...createEngine(), publish },
      onError: ({ code, message }) => errors.push(`${code}: ${message}`),
    })
    groups.add('lobby', webSocket)

    await expect(groups.send('lobby', 'text')).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE',
      cause: { message: 'no engine' },
    })

    expect(String((await peer.nextFrame()).payload)).toBe('text')
    expect(errors).toEqual(['ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE: The backplane has failed: no engine'])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no engine')
      },
    ],
    ['never becomes active', () => ({ active: Promise.reject(new Error('no engine')), unsubscribe: () => undefined })],
  ])('report that subscribe() %s, and keep working locally', async (_how, subscribe: Backplane['subscribe']) => {
    const { webSocket, peer } = openInMemory()
    const errors: string[] = []
    using groups = new WebSocketGroups({ backplane: { ...createEngine(), subscribe }, onError: ({ message }) => errors.push(message) })
    expect(groups.add('lobby', webSocket)).toBe(true)

    expect(await groups.whenListening('lobby')).toBe(false)
    await groups.send('lobby', 'text')

    expect(String((await peer.nextFrame()).payload)).toBe('text')
    expect(errors).toEqual(['The backplane has failed: no engine'])
  })

  it('apply slowMembers to messages from other processes', async () => {
    const engine = createEngine()
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    using here = new WebSocketGroups({ backplane: engine, slowMembers: 'latest' })
    using there = new WebSocketGroups({ backplane: engine })
    here.add('prices', webSocket)
    await there.send('prices', 'x'.repeat(2048))
    await new Promise(setImmediate)

    for (const price of ['1', '2', '3', '4']) await there.send('prices', price)
    peer.duplex.resume()

    await peer.nextFrame()
    expect([String((await peer.nextFrame()).payload), String((await peer.nextFrame()).payload)]).toEqual(['1', '4'])
    expect(here.dropped).toBe(2)
  })

  it('warn once of each kind of error if there is no error listener, and do not end the process', async () => {
    const { exitCode, stdout, stderr } = await runScript('spec/groups/scripts/failing-backplane.ts')

    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'still here\n' })
    const warnings = Array.from(stderr.matchAll(/\[(ERR_\w+)\] Warning: ([^:\n]+)/g), ([, code, what]) => [code, what])
    expect(warnings).toEqual([
      ['ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE', 'The backplane has failed'],
      [
        'ERR_WEBSOCKET_BACKPLANE_MESSAGE',
        "A message of the backplane for 'lobby' was not sent by this package. Further errors with this code are not shown; set the option onError of the groups to see them",
      ],
      ['ERR_WEBSOCKET_MESSAGE_TOO_BIG', 'A message of 11 bytes is too long for the backplane'],
    ])
  })
})

describe('presence with a backplane of the application', () => {
  it('that is too long is reported once, until it fits again', async () => {
    const engine = createEngine()
    const errors: string[] = []
    using groups = new WebSocketGroups({
      backplane: engine,
      presence: true,
      presenceInterval: 1,
      maxMessageSize: 50,
      onError: ({ code, message }) => errors.push(`${code}: ${message.replace(/has \d+/, 'has N')}`),
    })
    const [short, long] = [openInMemory().webSocket, openInMemory().webSocket]

    groups.add('lobby', short, 'ada')
    groups.add('lobby', long, 'x'.repeat(50))
    groups.add('garden', short)
    await heard(engine, 'garden', 5)
    const message =
      "ERR_WEBSOCKET_MESSAGE_TOO_BIG: The presence of the group 'lobby' is too long for the backplane: it has N bytes, and maxMessageSize of the " +
      'groups is 50. Other processes do not know the members of the group in this process'
    expect(errors).toEqual([message])

    groups.delete('lobby', long)
    await heard(engine, 'lobby', 1)
    groups.add('lobby', long, 'x'.repeat(50))
    await heard(engine, 'garden', 5)
    expect(errors).toEqual([message, message])
  })

  it('does not change when the order of the identities does', async () => {
    const engine = createEngine()
    const changes: string[] = []
    using here = new WebSocketGroups({ backplane: engine, presence: true, onPresence: (name) => changes.push(name) })
    here.add('lobby', openInMemory().webSocket)
    using there = new WebSocketGroups({ backplane: engine, presence: true, presenceInterval: 1 })
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) => ({ name, webSocket: openInMemory().webSocket }))
    for (const member of [ada, bob, eve]) if (member) there.add('lobby', member.webSocket, member.name)
    await until(() => here.presenceOf('lobby').count === 4)
    changes.length = 0

    if (ada) {
      there.delete('lobby', ada.webSocket)
      there.add('lobby', ada.webSocket, ada.name)
    }
    await heard(engine, 'lobby', 3)

    expect([changes, here.presenceOf('lobby').identities]).toEqual([[], ['ada', 'bob', 'eve']])
  })
})

/** Resolves when this number of messages about a group has passed the engine from now on. */
async function heard({ events }: ReturnType<typeof createEngine>, name: string, count: number): Promise<void> {
  for (let number = 0; number < count; number++) await once(events, name)
}

describe('presence in a group of one process', () => {
  it('is known without a backplane, and reported when it changes', async () => {
    const [ada, other] = [openInMemory().webSocket, openInMemory().webSocket]
    const changes: string[] = []
    const groups = new WebSocketGroups({
      onPresence: (name) => {
        const { count, identities } = groups.presenceOf(name)
        changes.push(`${name}: ${count} ${identities.join()}`)
      },
    })

    groups.add('lobby', ada, 'ada')
    groups.add('lobby', other, 'ada')
    groups.delete('lobby', other)
    ada.abort()
    await ada.completion

    expect(changes).toEqual(['lobby: 1 ada', 'lobby: 2 ada', 'lobby: 1 ada', 'lobby: 0 '])
    const group = new WebSocketGroup()
    group.add(other)
    expect(group.presence).toEqual({ count: 1, identities: [] })
  })
})
