import { describe, expect, it } from '@jest/globals'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import { openInMemory } from '../support/web-socket-pairs.ts'

type Callee = Record<string, (...parameters: readonly unknown[]) => unknown>

describe.each([WebSocketGroup, WebSocketGroups])('new %p()', (Group) => {
  it.each([
    [null, undefined],
    ['lobby', undefined],
    [{ slow: 'drop' }, 'slow'],
    [{ slowMembers: 'block' }, 'slowMembers'],
    [{ maxBufferedAmount: 0 }, 'maxBufferedAmount'],
    [{ maxBufferedAmount: '1mb' }, 'maxBufferedAmount'],
    [{ waitTimeout: -1 }, 'waitTimeout'],
  ])('refuses %j: the option %s', (options, argument) => {
    expect(() => new Group(options as object)).toThrow(expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_OPTION', argument }))
  })
})

describe('the methods of groups', () => {
  const { webSocket } = openInMemory()
  const like = { state: 2, sendAsync: () => Promise.resolve() }

  it.each([
    ['add', [undefined], 'webSocket'],
    ['add', [like], 'webSocket'],
    ['send', [undefined], 'data'],
    ['send', [{}], 'data'],
    ['send', ['text', null], undefined],
    ['send', ['text', webSocket], 'options'],
    ['send', ['text', new Set([webSocket])], 'options'],
    ['send', ['text', { expect: webSocket }], 'expect'],
    ['send', ['text', { except: [like] }], 'except'],
    ['send', ['text', { except: 'ada' }], 'except'],
    ['send', ['text', { messageType: 2 }], 'messageType'],
  ])('refuse %s(%p): the argument %s', async (name, values, argument) => {
    const group = new WebSocketGroup() as unknown as Callee
    const groups = new WebSocketGroups() as unknown as Callee
    const refusal = expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', ...(argument === undefined ? {} : { argument }) })
    await expect((async () => group[name]?.(...values))()).rejects.toEqual(refusal)
    await expect((async () => groups[name]?.('lobby', ...values))()).rejects.toEqual(refusal)
    await expect((async () => groups[name]?.(undefined, ...values))()).rejects.toMatchObject({ argument: 'name' })
  })
})
