import { describe, expect, it } from '@jest/globals'
import { WebSocketGroups } from 'express-use-websockets/groups'
import { openInMemory } from '../support/web-socket-pairs.ts'

describe('groups by name', () => {
  it('send to the members of one group', async () => {
    const [ada, bob] = [openInMemory(), openInMemory()]
    const groups = new WebSocketGroups()
    groups.add('lobby', ada.webSocket)
    groups.add('lobby', bob.webSocket)
    groups.add('garden', bob.webSocket)

    await groups.send('garden', 'in the garden')
    await groups.send('lobby', 'in the lobby', { except: ada.webSocket })
    await groups.send('nowhere', 'to nobody')
    await groups.send('lobby', 'to all')

    expect(String((await ada.peer.nextFrame()).payload)).toBe('to all')
    for (const text of ['in the garden', 'in the lobby', 'to all']) expect(String((await bob.peer.nextFrame()).payload)).toBe(text)
  })

  it('report which member is in which group', () => {
    const [ada, bob] = [openInMemory().webSocket, openInMemory().webSocket]
    const groups = new WebSocketGroups()
    const others = new WebSocketGroups()

    expect([groups.add('lobby', ada), groups.add('lobby', ada), groups.add('garden', ada), groups.add('lobby', bob)]).toEqual([
      true,
      false,
      true,
      true,
    ])
    others.add('elsewhere', ada)

    expect([groups.size, groups.names]).toEqual([2, ['lobby', 'garden']])
    expect([groups.namesOf(ada), groups.namesOf(bob), others.namesOf(bob)]).toEqual([['lobby', 'garden'], ['lobby'], []])
    expect([groups.has('lobby', bob), groups.has('garden', bob), groups.has('nowhere', bob)]).toEqual([true, false, false])
    expect([groups.membersOf('lobby').length, groups.membersOf('nowhere')]).toEqual([2, []])
  })

  it('are removed when they are empty, and created again', async () => {
    const { webSocket } = openInMemory()
    const groups = new WebSocketGroups()
    groups.add('lobby', webSocket)

    expect([groups.delete('lobby', webSocket), groups.delete('lobby', webSocket), groups.names]).toEqual([true, false, []])
    groups.add('lobby', webSocket)
    groups.add('garden', webSocket)
    webSocket.abort()
    await webSocket.completion

    expect([groups.size, groups.add('lobby', webSocket), groups.size]).toEqual([0, false, 0])
  })

  it('count dropped messages over all groups', async () => {
    const { webSocket, peer } = openInMemory({}, 1024)
    peer.duplex.pause()
    const groups = new WebSocketGroups({ slowMembers: 'drop', maxBufferedAmount: 1 })
    groups.add('lobby', webSocket)
    groups.add('garden', webSocket)
    await groups.send('lobby', 'x'.repeat(2048))
    await new Promise(setImmediate)
    for (const name of ['lobby', 'garden', 'lobby', 'garden']) await groups.send(name, 'x')

    // One message for each waits, and may exceed the limit.
    expect(groups.dropped).toBe(2)
  })

  it.each(['__proto__', '', 'constructor', '\0'])('can have any name: %j', (name) => {
    const { webSocket } = openInMemory()
    const groups = new WebSocketGroups()

    expect([groups.has(name, webSocket), groups.add(name, webSocket), groups.names]).toEqual([false, true, [name]])
  })
})
