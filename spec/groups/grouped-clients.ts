import type { RequestListener } from 'node:http'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketOptions } from 'express-use-websockets'
import { parseFrames } from '../support/raw-frames.ts'
import type { ServedApplication, TransportClient } from '../support/every-transport.ts'

/** An application that passes on its WebSockets one by one, in the order of their arrival. */
export class Door {
  readonly app: RequestListener
  readonly #arrived: ManagedWebSocket[] = []
  #onArrival: (() => void) | undefined

  constructor(options: WebSocketOptions = {}) {
    const app = express().use(useWebSockets(options))
    app.all(
      '/ws',
      webSocketHandler(async (webSocket) => {
        this.#arrived.push(webSocket)
        this.#onArrival?.()
        for await (const _ of webSocket) continue
      }),
    )
    this.app = app
  }

  /** A client, and the server's WebSocket for it. */
  async open(served: ServedApplication): Promise<GroupedClient> {
    const client = await served.open('/ws')
    while (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onArrival = resolve
      })
    }
    const webSocket = this.#arrived.shift() as ManagedWebSocket
    return new GroupedClient(client, webSocket)
  }
}

/** A client that records the received texts and can stop reading. */
export class GroupedClient {
  readonly client: TransportClient
  readonly webSocket: ManagedWebSocket
  readonly texts: string[] = []
  #rest: Buffer = Buffer.alloc(0)
  #onText: (() => void) | undefined

  constructor(client: TransportClient, webSocket: ManagedWebSocket) {
    this.client = client
    this.webSocket = webSocket
    client.stream.on('data', (chunk: Buffer) => {
      const { frames, rest } = parseFrames(Buffer.concat([this.#rest, chunk]))
      this.#rest = rest
      for (const { opcode, payload } of frames) if (opcode === 1) this.texts.push(payload.toString())
      this.#onText?.()
    })
  }

  /** Resolves when this many texts have arrived. */
  async received(count: number): Promise<string[]> {
    while (this.texts.length < count) {
      await new Promise<void>((resolve) => {
        this.#onText = resolve
      })
    }
    return this.texts
  }

  /** Resolves when this text has arrived. */
  async receivedText(text: string): Promise<string[]> {
    while (!this.texts.includes(text)) await this.received(this.texts.length + 1)
    return this.texts
  }
}
