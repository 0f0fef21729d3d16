/** Checks the types of `express-use-websockets/json`. Only the compiler uses this file. */
import type { ManagedWebSocket, WebSocketException } from 'express-use-websockets'
import { jsonMessages, sendJson } from 'express-use-websockets/json'
import type { InvalidJsonMessage, JsonMessagesOptions, SendJsonOptions, StandardSchemaV1 } from 'express-use-websockets/json'
import { type } from 'arktype'
import * as valibot from 'valibot'
import { z } from 'zod'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(webSocket: ManagedWebSocket): Promise<void> {
  // Without a schema, values are unknown.
  for await (const value of jsonMessages(webSocket)) expectType<Same<typeof value, unknown>>()

  // With a schema, values have its output type, not its input type.
  const zodSchema = z.object({ at: z.string().transform((text) => new Date(text)), count: z.number().default(1) })
  for await (const { at, count } of jsonMessages(webSocket, zodSchema)) expectType<Same<[typeof at, typeof count], [Date, number]>>()
  const valibotSchema = valibot.pipe(
    valibot.string(),
    valibot.transform((text) => text.length),
  )
  for await (const value of jsonMessages(webSocket, valibotSchema)) expectType<Same<typeof value, number>>()
  const asyncSchema = valibot.pipeAsync(
    valibot.string(),
    valibot.transformAsync(async (text) => text.length),
  )
  for await (const value of jsonMessages(webSocket, asyncSchema)) expectType<Same<typeof value, number>>()
  const arktypeSchema = type({ kind: "'a' | 'b'", 'size?': 'number' })
  for await (const { kind, size } of jsonMessages(webSocket, arktypeSchema)) {
    expectType<Same<[typeof kind, typeof size], ['a' | 'b', number | undefined]>>()
  }
  const ownSchema: StandardSchemaV1<unknown, Map<string, number>> = {
    '~standard': { version: 1, vendor: 'own', validate: () => ({ issues: [{ message: 'never', path: ['a', { key: 0 }] }] }) },
  }
  for await (const value of jsonMessages(webSocket, ownSchema)) expectType<Same<typeof value, Map<string, number>>>()
  // @ts-expect-error: options come third.
  jsonMessages(webSocket, { onInvalid: () => undefined })
  // @ts-expect-error: a function is no schema.
  jsonMessages(webSocket, (value: unknown) => value)

  const options: JsonMessagesOptions = {
    async onInvalid(error, socket) {
      expectType<Same<typeof error, InvalidJsonMessage>>()
      expectType<Same<typeof socket, ManagedWebSocket>>()
      const exception: WebSocketException = error
      await sendJson(socket, { issues: error.issues, code: exception.code })
      await socket.closeAsync(error.closeStatus, error.reason)
    },
  }
  expectType<Same<InvalidJsonMessage['issues'], readonly StandardSchemaV1.Issue[]>>()
  jsonMessages(webSocket, undefined, options)
  jsonMessages(webSocket, zodSchema, { onInvalid: () => undefined })

  const sendOptions: SendJsonOptions = { disableCompression: true, signal: AbortSignal.timeout(1) }
  expectType<Same<ReturnType<typeof sendJson>, Promise<void>>>()
  await sendJson(webSocket, { anything: [1, null] }, sendOptions)
  // @ts-expect-error: the socket comes first.
  await sendJson({ anything: 1 })
}
