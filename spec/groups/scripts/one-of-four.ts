/** One of four processes of an application, with 500 sockets in 50 rooms. Every socket receives all messages of its room. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Request } from 'express'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { WebSocket } from 'ws'
import { useWebSockets, webSocketHandler } from '../../../lib/index.ts'
import { WebSocketGroups } from '../../../lib/groups.ts'
import type { Backplane } from '../../../lib/groups.ts'
import { PostgresBackplane } from '../../../lib/postgres.ts'
import { RedisBackplane } from '../../../lib/redis.ts'
import { answerCalls } from '../../support/forked-script.ts'
import { until } from '../../support/until.ts'

const PROCESSES = 4
const ROOMS = 50
const SOCKETS_IN_ROOM = 10
const MESSAGES_IN_ROOM = 50
/** A part of the messages is in flight at once. */
const UNDER_WAY = 100

let own = 0
let groups: WebSocketGroups
const errors: string[] = []
const listeners: Listener[] = []

export const functions = {
  async open(library: string, port: number, index: number): Promise<void> {
    own = index
    const backplane = await connect(library, port)
    groups = new WebSocketGroups({ backplane, onError: ({ message }) => errors.push(message) })
    const app = express().use(useWebSockets())
    app.all(
      '/:room',
      webSocketHandler(async (webSocket, { params }: Request<{ room: string }>) => {
        groups.add(params.room, webSocket)
        for await (const _ of webSocket) continue
      }),
    )
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (let count = 0; count < ROOMS * SOCKETS_IN_ROOM; count++) {
      const listener = new Listener(new WebSocket(`${address}/${count % ROOMS}`, { perMessageDeflate: false }))
      listeners.push(listener)
      await once(listener.client, 'open')
    }
    for (let room = 0; room < ROOMS; room++) await groups.whenListening(String(room))
  },

  async send(): Promise<void> {
    for (let count = 0; count < ROOMS * MESSAGES_IN_ROOM; count += UNDER_WAY) {
      const sent = Array.from({ length: UNDER_WAY }, (_item, index) => {
        const room = (count + index) % ROOMS
        return groups.send(String(room), `${own} ${Math.floor((count + index) / ROOMS)}`)
      })
      await Promise.all(sent)
    }
  },

  /** All received messages. Resolves when as many have arrived as were sent. */
  async receive(): Promise<{ sockets: number; received: number; mistakes: string[]; errors: string[] }> {
    await Promise.all(listeners.map((listener) => listener.all))
    const received = listeners.reduce((sum, listener) => sum + listener.received, 0)
    return {
      sockets: groups.names.flatMap((name) => groups.membersOf(name)).length,
      received,
      mistakes: listeners.flatMap((listener) => listener.mistakes),
      errors,
    }
  },
}

/** A client that checks that every message arrives once, in the order of each process. */
class Listener {
  readonly client: WebSocket
  readonly all: Promise<unknown>
  readonly mistakes: string[] = []
  received = 0
  readonly #next = Array.from({ length: PROCESSES }, () => 0)

  constructor(client: WebSocket) {
    this.client = client
    this.all = new Promise<void>((resolve) => {
      client.on('message', (data: Buffer) => {
        this.#onMessage(String(data))
        if (this.received === PROCESSES * MESSAGES_IN_ROOM) resolve()
      })
    })
  }

  #onMessage(text: string): void {
    const [from = 0, number = 0] = text.split(' ').map(Number)
    const expected = this.#next[from] ?? 0
    if (number !== expected) this.mistakes.push(`${text} instead of ${from} ${expected}`)
    this.#next[from] = number + 1
    this.received++
  }
}

async function connect(library: string, port: number): Promise<Backplane> {
  if (library === 'pg') return whenUp(new PostgresBackplane(new Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })))
  if (library === 'ioredis') return whenUp(new RedisBackplane(new Redis({ port, lazyConnect: true })))
  return whenUp(new RedisBackplane(createClient({ url: `redis://127.0.0.1:${port}` })))
}

async function whenUp(backplane: Backplane & { readonly isUp: boolean }): Promise<Backplane> {
  await until(() => backplane.isUp)
  return backplane
}

answerCalls(functions)
