/**
 * Prints the memory that the process keeps for a member that does not read, one line for each transport, each policy that keeps messages, and long
 * and short messages.
 */
import { setImmediate } from 'node:timers/promises'
import { WebSocketGroup } from '../../../lib/groups.ts'
import type { SlowMemberPolicy } from '../../../lib/groups.ts'
import { everyTransport } from '../../support/every-transport.ts'
import type { ServedApplication } from '../../support/every-transport.ts'
import { memoryInUse } from '../../support/memory-in-use.ts'
import { Door } from '../grouped-clients.ts'

const MEMBERS = 10
const BOUND = 262_144
/** Additional memory: the stream of a connection, and the kernel's buffers in this process, which also contains the clients. */
const ROOM = 196_608

async function main(): Promise<void> {
  for (const [name, serve] of everyTransport) {
    if (name === 'attachWebSockets()') continue
    const door = new Door()
    const served = await serve(door.app)
    for (const slowMembers of ['drop', 'latest', 'abort'] as const) {
      for (const size of [16, 16_384]) console.log(JSON.stringify(await measure(door, served, name, slowMembers, size)))
    }
  }
  process.exit()
}

async function measure(door: Door, served: ServedApplication, name: string, slowMembers: SlowMemberPolicy, size: number): Promise<unknown> {
  const group = new WebSocketGroup({ slowMembers, maxBufferedAmount: BOUND })
  const clients = []
  for (let count = 0; count < MEMBERS; count++) {
    const client = await door.open(served)
    client.client.stream.pause()
    group.add(client.webSocket)
    clients.push(client)
  }
  const { total } = await memoryInUse()
  const text = 'x'.repeat(size)
  const messages = Math.max(20_000, Math.ceil(2 ** 23 / size))
  for (let count = 0; count < messages; count++) {
    void group.send(text)
    if (count % 100 === 0) await setImmediate()
  }
  const kept = ((await memoryInUse()).total - total) / MEMBERS
  for (const { webSocket } of clients) webSocket.abort()
  await Promise.all(clients.map(({ webSocket }) => webSocket.completion))
  return {
    what: `${name}, ${slowMembers}, ${size} bytes`,
    kept: Math.round(kept),
    bound: BOUND + ROOM,
    dropped: group.dropped,
    size: group.size,
  }
}

void main()
