import { describe, expect, it } from '@jest/globals'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import { Client } from 'pg'
import { PostgresBackplane } from 'express-use-websockets/postgres'
import type { PostgresPool } from 'express-use-websockets/postgres'
import { RedisBackplane } from 'express-use-websockets/redis'
import type { RedisClient } from 'express-use-websockets/redis'
import { openInMemory } from '../support/web-socket-pairs.ts'

const METHODS = ['connect', 'destroy', 'on', 'publish', 'subscribe', 'unsubscribe']

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
    [{ backplane: 'redis' }, 'backplane'],
    [{ backplane: { publish: () => undefined } }, 'backplane'],
    [{ maxMessageSize: 0 }, 'maxMessageSize'],
    [{ onError: 'console' }, 'onError'],
    [{ presence: 'ada' }, 'presence'],
    [{ presenceInterval: 0 }, 'presenceInterval'],
    [{ onPresence: true }, 'onPresence'],
  ])('throws an error for %j: the option %s', (options, argument) => {
    expect(() => new Group(options as object)).toThrow(expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_OPTION', argument }))
  })
})

describe('new WebSocketGroup()', () => {
  it('throws an error for an invalid name', () => {
    expect(() => new WebSocketGroup({ name: 7 } as object)).toThrow(
      expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_OPTION', argument: 'name' }),
    )
  })
})

describe('new RedisBackplane()', () => {
  const client = { isReady: false, duplicate: () => client, ...Object.fromEntries(METHODS.map((name) => [name, async () => undefined])) }

  it.each([
    [undefined, {}, 'client', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    ['redis://127.0.0.1', {}, 'client', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    [{ ...client, duplicate: undefined }, {}, 'client', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    [{ ...client, isCluster: true }, {}, 'client', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    [client, null, undefined, 'ERR_WEBSOCKET_INVALID_OPTION'],
    [client, { prefix: 7 }, 'prefix', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [client, { onDown: 'log' }, 'onDown', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [client, { onUp: {} }, 'onUp', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [client, { maxPendingBytes: -1 }, 'maxPendingBytes', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [client, { url: 'redis://127.0.0.1' }, 'url', 'ERR_WEBSOCKET_INVALID_OPTION'],
  ])('throws an error for %p, %p: %s', (value, options, argument, code) => {
    expect(() => new RedisBackplane(value as unknown as RedisClient, options as object)).toThrow(
      expect.objectContaining({ argument, code }),
    )
  })
})

describe('new PostgresBackplane()', () => {
  const pool = { connect: () => new Promise(() => undefined), totalCount: 0 }

  it.each([
    [undefined, {}, 'pool', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    ['postgres://127.0.0.1', {}, 'pool', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    [new Client(), {}, 'pool', 'ERR_WEBSOCKET_INVALID_ARGUMENT'],
    [pool, null, undefined, 'ERR_WEBSOCKET_INVALID_OPTION'],
    [pool, { prefix: 'chat"; DROP TABLE users' }, 'prefix', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [pool, { prefix: 'x'.repeat(25) }, 'prefix', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [pool, { onDown: 'log' }, 'onDown', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [pool, { maxPendingBytes: 0 }, 'maxPendingBytes', 'ERR_WEBSOCKET_INVALID_OPTION'],
    [pool, { table: 'messages' }, 'table', 'ERR_WEBSOCKET_INVALID_OPTION'],
  ])('throws an error for %p, %p: %s', (value, options, argument, code) => {
    expect(() => new PostgresBackplane(value as PostgresPool, options as object)).toThrow(expect.objectContaining({ argument, code }))
  })
})

describe('the methods of groups', () => {
  const { webSocket } = openInMemory()
  const like = { state: 2, sendAsync: () => Promise.resolve() }

  it.each([
    ['add', [undefined], 'webSocket'],
    ['add', [like], 'webSocket'],
    ['add', [webSocket, 7], 'identity'],
    ['send', [undefined], 'data'],
    ['send', [{}], 'data'],
    ['send', ['text', null], undefined],
    ['send', ['text', webSocket], 'options'],
    ['send', ['text', new Set([webSocket])], 'options'],
    ['send', ['text', { expect: webSocket }], 'expect'],
    ['send', ['text', { except: [like] }], 'except'],
    ['send', ['text', { except: 'ada' }], 'except'],
    ['send', ['text', { messageType: 2 }], 'messageType'],
  ])('throw an error for %s(%p): the argument %s', async (name, values, argument) => {
    const group = new WebSocketGroup() as unknown as Callee
    const groups = new WebSocketGroups() as unknown as Callee
    const refusal = expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', ...(argument === undefined ? {} : { argument }) })
    await expect((async () => group[name]?.(...values))()).rejects.toEqual(refusal)
    await expect((async () => groups[name]?.('lobby', ...values))()).rejects.toEqual(refusal)
    await expect((async () => groups[name]?.(undefined, ...values))()).rejects.toMatchObject({ argument: 'name' })
  })
})
