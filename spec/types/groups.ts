/** What the types of `express-use-websockets/groups` promise. The compiler runs this file, nothing else does. */
import { prepareMessage, WebSocketMessageType } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import type {
  GroupSendOptions,
  SlowMemberOptions,
  SlowMemberPolicy,
  WebSocketGroupOptions,
  WebSocketGroupsOptions,
} from 'express-use-websockets/groups'
import type { WebSocket } from 'ws'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(webSocket: ManagedWebSocket, ws: WebSocket): Promise<void> {
  expectType<Same<SlowMemberPolicy, 'abort' | 'drop' | 'latest' | 'wait'>>()
  const slow: SlowMemberOptions = { slowMembers: 'drop', maxBufferedAmount: 1, waitTimeout: undefined }
  const options: WebSocketGroupOptions = slow

  const group = new WebSocketGroup(options)
  expectType<Same<ReturnType<typeof group.add>, boolean>>()
  expectType<Same<typeof group.dropped, number>>()
  for (const member of group) expectType<Same<typeof member, ManagedWebSocket>>()
  const sendOptions: GroupSendOptions = { except: webSocket, messageType: WebSocketMessageType.Binary }
  await group.send('text', sendOptions)
  await group.send(Buffer.of(1), { except: new Set([webSocket]) })
  await group.send(prepareMessage('text'), { except: group })
  // @ts-expect-error: a socket of ws is none.
  group.add(ws)
  // @ts-expect-error: options are an object.
  await group.send('text', webSocket)

  const groups = new WebSocketGroups(slow satisfies WebSocketGroupsOptions)
  expectType<Same<ReturnType<typeof groups.membersOf>, ManagedWebSocket[]>>()
  expectType<Same<typeof groups.names, string[]>>()
  await groups.send('lobby', 'text', sendOptions)
  // @ts-expect-error: which group?
  await groups.send(sendOptions)
}
