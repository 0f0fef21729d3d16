import { afterEach, describe, expect, it } from '@jest/globals'
import { scope, type } from 'arktype'
import express from 'express'
import type { Express } from 'express'
import * as valibot from 'valibot'
import { z } from 'zod'
import { useWebSockets, webSocketHandler, WebSocketException, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketCompletion } from 'express-use-websockets'
import { jsonMessages, sendJson } from 'express-use-websockets/json'
import type { InvalidJsonMessage, JsonMessagesOptions, StandardSchemaV1 } from 'express-use-websockets/json'
import { requestWebSocket } from 'express-use-websockets/testing'
import { everyTransport } from '../support/every-transport.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { until } from '../support/until.ts'
import { openBothOverTcp } from '../support/web-socket-pairs.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** The same schema in each library, and its first issue for `{ "count": "x" }`. */
const schemas: readonly (readonly [name: string, schema: StandardSchemaV1<unknown, { count: number }>, reason: string])[] = [
  ['zod', z.object({ count: z.number() }), 'count: Invalid input: expected number, received string'],
  ['valibot', valibot.object({ count: valibot.number() }), 'count: Invalid type: Expected number but received "x"'],
  ['arktype', type({ count: 'number' }), 'count must be a number (was a string)'],
  [
    'zod, later',
    z.object({ count: z.number().refine(async (count) => Promise.resolve(count < 10)) }),
    'count: Invalid input: expected number, received string',
  ],
  [
    'valibot, later',
    valibot.objectAsync({
      count: valibot.pipeAsync(
        valibot.number(),
        valibot.checkAsync(async () => Promise.resolve(true)),
      ),
    }),
    'count: Invalid type: Expected number but received "x"',
  ],
]

/** Answers each count with the next one, and reports how its loop and its socket have ended. */
function counting(schema: StandardSchemaV1<unknown, { count: number }>, options?: JsonMessagesOptions) {
  const ends: WebSocketCompletion[] = []
  const errors: unknown[] = []
  const app: Express = express().use(useWebSockets())
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      for await (const { count } of jsonMessages(webSocket, schema, options)) await sendJson(webSocket, { count: count + 1 })
      ends.push(await webSocket.completion)
    }),
  )
  app.set('env', 'test')
  app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    errors.push(error)
    res.end()
  })
  return { app, ends, errors }
}

describe.each(schemas)('jsonMessages with a schema of %s', (_name, schema, reason) => {
  it('returns valid messages, and ends the loop with 1007 and the first issue at an invalid one', async () => {
    const { app, ends, errors } = counting(schema)
    await using answer = await requestWebSocket(app, '/ws')
    await answer.webSocket.sendAsync('{"count": 1}')
    expect(await answer.nextMessage()).toBe('{"count":2}')
    await answer.webSocket.sendAsync('{"count": "x"}')
    await answer.webSocket.sendAsync('{"count": 3}')
    expect(await answer.nextMessage()).toBe(undefined)
    const { closeStatus, closeStatusDescription } = answer.webSocket
    expect([closeStatus, closeStatusDescription]).toEqual([1007, reason])
    await until(() => ends.length > 0)
    expect(ends).toMatchObject([{ closeStatus: 1007, wasClean: true, endedBy: 'local' }])
    expect(errors).toEqual([])
  })
})

describe.each(everyTransport)('jsonMessages over %s', (_name, serve) => {
  it.each([
    ['{"count": 1', 1007],
    ['{"count": "x"}', 1007],
    ['', 1007],
  ])('closes at %j with %d', async (text, code) => {
    const [, schema] = schemas[0] ?? []
    if (schema === undefined) throw new Error('no schema')
    const client = await (await serve(counting(schema).app)).open('/ws')
    client.send(text)
    expect(await client.closed).toBe(code)
  })
})

/** How a server's loop over JSON handles these messages: its values, its errors, and how the client sees it end. */
async function receive(
  messages: readonly (string | Buffer)[],
  schema?: StandardSchemaV1,
  onInvalid?: JsonMessagesOptions['onInvalid'],
): Promise<{ values: unknown[]; closed: [status: number | null, description: string | null] }> {
  const { server, client } = await openBothOverTcp({ maxMessageSize: 64 * 1024 * 1024 })
  const sent = (async () => {
    for (const message of messages) await client.sendAsync(message)
    await client.closeOutputAsync(1000)
  })()
  const seen = (async () => {
    for await (const _ of client);
  })()
  const values: unknown[] = []
  const loop = schema === undefined ? jsonMessages(server, undefined, { onInvalid }) : jsonMessages(server, schema, { onInvalid })
  for await (const value of loop) values.push(value)
  await Promise.allSettled([sent, seen, server.closeAsync(1000)])
  return { values, closed: [client.closeStatus, client.closeStatusDescription] }
}

describe('jsonMessages', () => {
  it('returns any JSON without a schema', async () => {
    const texts = ['null', '0', '"text"', ' [1, {"a": true}] ', '{"then": 1}', '"\\ud800"']
    expect(await receive(texts)).toEqual({ values: texts.map((text): unknown => JSON.parse(text)), closed: [1000, ''] })
  })

  it.each([
    ['text that is not JSON', 'hello', [1007, expect.stringContaining('is not valid JSON')]],
    ['truncated JSON', '{"a": ', [1007, expect.stringContaining('JSON')]],
    ['an empty text', '', [1007, 'Unexpected end of JSON input']],
    ['bytes', Buffer.from('{}'), [1003, 'Expected JSON as text, received binary']],
  ])('closes the socket for %s, even without a schema', async (_name, message, closed) => {
    expect(await receive(['1', message, '2'])).toEqual({ values: [1], closed })
  })

  it.each([
    ['one byte per character', 'a', 123],
    ['two bytes per character', '\u00e9', 61],
    ['three bytes per character', '\u20ac', 41],
    ['four bytes per character', '\u{1f600}', 30],
    ['a lone surrogate, which is sent as U+FFFD', '\ud800', 41],
  ])('truncates the reason to 123 bytes between two characters: %s', async (_name, character, count) => {
    const schema = z.string().refine(() => false, { error: character.repeat(200) })
    const { closed } = await receive(['""'], schema)
    expect(closed).toEqual([1007, Buffer.from(character.repeat(count)).toString()])
  })

  it('passes the error to onInvalid, and continues if onInvalid leaves the socket open', async () => {
    const errors: InvalidJsonMessage[] = []
    const schema = z.object({ items: z.array(z.object({ size: z.int() })) })
    const messages = ['{"items": [{"size": 1}, {"size": 1.5}]}', 'nonsense', Buffer.alloc(1), '{"items": []}']
    const { values, closed } = await receive(messages, schema, (error) => void errors.push(error))
    expect({ values, closed }).toEqual({ values: [{ items: [] }], closed: [1000, ''] })
    for (const error of errors) expect(error).toBeInstanceOf(WebSocketException)
    const code = 'ERR_WEBSOCKET_INVALID_MESSAGE'
    expect(errors).toMatchObject([
      {
        code,
        closeStatus: 1007,
        reason: expect.stringMatching(/^items\.1\.size: Invalid input: expected int/),
        issues: [{ path: ['items', 1, 'size'] }],
      },
      { code, closeStatus: 1007, reason: expect.stringContaining('is not valid JSON'), cause: expect.any(SyntaxError) },
      { code, closeStatus: 1003, reason: 'Expected JSON as text, received binary' },
    ])
    expect(errors[0]?.message).toBe(`The peer sent a message that does not match the schema: ${errors[0]?.reason}`)
  })

  it.each<[string, (error: InvalidJsonMessage, webSocket: ManagedWebSocket) => Promise<void> | void]>([
    ['closes', async (error, webSocket) => webSocket.closeAsync(4000, error.reason)],
    ['begins to close', (_error, webSocket) => void webSocket.closeAsync(4000)],
    ['closes its output', async (_error, webSocket) => webSocket.closeOutputAsync(4000)],
    ['aborts', (_error, webSocket) => webSocket.abort()],
    ['disposes', (_error, webSocket) => webSocket.dispose()],
  ])('ends its loop without an error if onInvalid %s', async (_name, onInvalid) => {
    expect(await receive(['1', 'x', '2'], undefined, onInvalid)).toMatchObject({ values: [1] })
  })

  it('throws the errors of onInvalid and of the schema, and leaves the socket open', async () => {
    const { server, client } = await openBothOverTcp()
    const failing = {
      '~standard': { version: 1, vendor: 'own', validate: async () => Promise.reject(new RangeError('no database')) },
    } as const
    await client.sendAsync('x')
    await client.sendAsync('1')
    const throwing = (): void => {
      throw new Error('refused')
    }
    await expect(jsonMessages(server, undefined, { onInvalid: throwing }).next()).rejects.toThrow('refused')
    await expect(jsonMessages(server, failing).next()).rejects.toThrow('no database')
    expect(server.state).toBe(WebSocketState.Open)
  })

  it('leaves the socket open if the loop ends early', async () => {
    const { server, client } = await openBothOverTcp()
    await client.sendAsync('1')
    await client.sendAsync('2')
    for await (const value of jsonMessages(server)) {
      expect(value).toBe(1)
      break
    }
    expect((await jsonMessages(server).next()).value).toBe(2)
  })

  it('applies back pressure while a schema validates', async () => {
    const { server, client } = await openBothOverTcp()
    const validated: unknown[] = []
    const schema: StandardSchemaV1<unknown, unknown> = {
      '~standard': {
        version: 1,
        vendor: 'own',
        async validate(value) {
          validated.push(value)
          await Promise.resolve()
          return { value }
        },
      },
    }
    await client.sendAsync('1')
    await client.sendAsync('2')
    expect((await jsonMessages(server, schema).next()).value).toBe(1)
    expect(validated).toEqual([1])
  })

  it('ends the loop after its message if the peer vanishes while a schema validates', async () => {
    const { server, client } = await openBothOverTcp()
    const schema = z.number().transform(async (value) => {
      client.abort()
      await server.completion
      return value
    })
    await client.sendAsync('1')
    const values: number[] = []
    for await (const value of jsonMessages(server, schema)) values.push(value)
    expect(values).toEqual([1])
  })

  it('parses a key __proto__ as an own property, and never sets a prototype', async () => {
    const { values } = await receive(['{"__proto__": {"isAdmin": true}, "constructor": {"prototype": {"isAdmin": true}}}'])
    const [value] = values as [object]
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect({ ...value }).not.toHaveProperty('isAdmin')
    expect({}).not.toHaveProperty('isAdmin')
  })
})

/** Nested lists, in each library. */
const recursive: readonly (readonly [name: string, schema: StandardSchemaV1])[] = [
  ['zod', z.lazy((): z.ZodType => z.array(recursive[0]?.[1] as z.ZodType))],
  ['valibot', valibot.lazy((): valibot.GenericSchema => valibot.array(recursive[1]?.[1] as valibot.GenericSchema))],
  ['arktype', scope({ list: 'list[]' }).type('list')],
]

describe('a deeply nested message', () => {
  const depth = 1_000_000
  const nested = '['.repeat(depth) + ']'.repeat(depth)

  it('is returned without a schema', async () => {
    const { values, closed } = await receive([nested])
    expect(values).toHaveLength(1)
    expect(closed).toEqual([1000, ''])
  })

  it('is rejected if it is incomplete', async () => {
    expect(await receive(['['.repeat(depth)])).toEqual({ values: [], closed: [1007, 'Unexpected end of JSON input'] })
  })

  it.each(recursive)('is rejected if a recursive schema of %s exceeds the stack', async (_name, schema) => {
    expect(await receive([nested], schema)).toEqual({ values: [], closed: [1007, 'Nested too deeply'] })
  })
})
