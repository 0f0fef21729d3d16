import { afterEach, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { Duplex } from 'node:stream'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { handshakeHead } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'

afterEach(closeHttp1Peers)

/** A connection that reports each chunk as written at once but keeps it, as if to encrypt, compress or forward it. */
class KeepingConnection extends Duplex {
  readonly kept: Buffer[] = []

  get received(): string {
    return Buffer.concat(this.kept).toString('latin1')
  }

  override _read(): void {
    // Bytes from the client are pushed.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.kept.push(chunk)
    callback()
  }
}

/** Opens WebSockets over such connections, which Node documents for the `'connection'` event. */
async function openOver(connections: readonly KeepingConnection[]): Promise<ManagedWebSocket[]> {
  const webSockets: ManagedWebSocket[] = []
  const app = express().use(useWebSockets())
  app.all('/ws', async (req) => void webSockets.push(await req.webSockets.acceptWebSocketAsync()))
  const server: Server = createServer(app)
  for (const connection of connections) {
    server.emit('connection', connection)
    connection.push(handshakeHead())
    await until(() => connection.received.includes('\r\n\r\n'))
  }
  await until(() => webSockets.length === connections.length)
  return webSockets
}

describe('data written to a stream that keeps it', () => {
  it('is not overwritten by data for another user', async () => {
    const connections = [new KeepingConnection(), new KeepingConnection()]
    const webSockets = await openOver(connections)
    for (let round = 0; round < 50; round++) {
      for (const [index, webSocket] of webSockets.entries()) {
        await webSocket.sendAsync(`message ${round} for user ${index}`)
        await new Promise(setImmediate)
      }
    }
    const messages = connections.map(({ received }) => received.match(/message \d+ for user \d/g))
    const expected = (user: number): string[] => Array.from({ length: 50 }, (_, round) => `message ${round} for user ${user}`)
    expect(messages).toEqual([expected(0), expected(1)])
    for (const connection of connections) connection.destroy()
  })
})
