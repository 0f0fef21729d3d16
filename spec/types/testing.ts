/** Checks the types of `express-use-websockets/testing`. Only the compiler uses this file. */
import type { Express } from 'express'
import type { IncomingHttpHeaders } from 'node:http'
import type { ManagedWebSocket } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import type { RecordedFrame, WebSocketTestAnswer, WebSocketTestOptions } from 'express-use-websockets/testing'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(app: Express): Promise<void> {
  const options: WebSocketTestOptions = { headers: { Origin: 'https://client.com' }, protocol: 'h2', subProtocols: ['chat'] }
  await using answer = await requestWebSocket(app, '/ws', options)
  expectType<Same<typeof answer, WebSocketTestAnswer>>()
  expectType<Same<typeof answer.status, number>>()
  expectType<Same<typeof answer.headers, IncomingHttpHeaders>>()
  expectType<Same<typeof answer.body, string>>()
  expectType<Same<typeof answer.webSocket, ManagedWebSocket>>()
  expectType<Same<typeof answer.frames, readonly RecordedFrame[]>>()
  expectType<Same<RecordedFrame['payload'], Buffer>>()
  expectType<Same<Awaited<ReturnType<typeof answer.nextMessage>>, string | Buffer | undefined>>()
  // @ts-expect-error: HTTP/3 is not spoken.
  await requestWebSocket(app, '/ws', { protocol: 'h3' })
}
