/** Checks the types of `express-use-websockets/groups`. Only the compiler uses this file. */
import { prepareMessage, WebSocketMessageType } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketException } from 'express-use-websockets'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import type {
  Backplane,
  BackplaneSubscription,
  GroupSendOptions,
  SlowMemberPolicy,
  WebSocketGroupName,
  WebSocketGroupOptions,
  WebSocketGroupsOptions,
  WebSocketPresence,
} from 'express-use-websockets/groups'
import type { WebSocket } from 'ws'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(webSocket: ManagedWebSocket, ws: WebSocket): Promise<void> {
  expectType<Same<SlowMemberPolicy, 'abort' | 'drop' | 'latest' | 'wait'>>()
  const slow: WebSocketGroupsOptions = { slowMembers: 'drop', maxBufferedAmount: 1, waitTimeout: undefined }
  const named: WebSocketGroupName = { name: undefined }
  const options: WebSocketGroupOptions = { ...slow, ...named }

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

  const groups = new WebSocketGroups(slow)
  expectType<Same<ReturnType<typeof groups.membersOf>, ManagedWebSocket[]>>()
  expectType<Same<typeof groups.names, string[]>>()
  await groups.send('lobby', 'text', sendOptions)

  const subscription: BackplaneSubscription = { active: Promise.resolve(), unsubscribe: () => undefined }
  const backplane: Backplane = { publish: () => Promise.resolve(3), subscribe: () => subscription }
  const relay: WebSocketGroupsOptions = {
    backplane,
    maxMessageSize: 1,
    onError: (error) => expectType<Same<typeof error, WebSocketException>>(),
  }
  using tied = new WebSocketGroups({ ...slow, ...relay, presence: true, presenceInterval: 1, onPresence: (name: string) => name })
  expectType<Same<ReturnType<typeof tied.presenceOf>, WebSocketPresence>>()
  expectType<Same<WebSocketPresence['identities'], readonly string[]>>()
  expectType<Same<typeof group.presence.count, number>>()
  tied.add('lobby', webSocket, 'ada')
  expectType<Same<ReturnType<typeof tied.whenListening>, Promise<boolean>>>()
  using _single = new WebSocketGroup({ ...relay, name: 'lobby' })
  // @ts-expect-error: bytes in, bytes out.
  const wrong: Backplane = { publish: (channel: string, message: string) => Promise.resolve(message), subscribe: () => subscription }
  void wrong
  // @ts-expect-error: which group?
  await groups.send(sendOptions)
}
