import type { ManagedWebSocket } from 'express-use-websockets'
import { encodeHubMessage, isInvocation, MessageType, parseHubMessages } from './hub-protocol.ts'
import type { HubMessage, Invocation } from './hub-protocol.ts'

/** One client of a hub. */
export interface HubClient {
  /** Calls a method of the client, without waiting for a result. */
  send(target: string, ...args: readonly unknown[]): void
}

/** A method of the hub. A client calls it with arguments and gets its result. */
export type HubMethod = (client: HubClient, ...args: readonly unknown[]) => unknown

/** A small hub that implements SignalR's JSON protocol. */
export class Hub {
  readonly #methods: Readonly<Record<string, HubMethod>>
  readonly #clients = new Set<HubClient>()

  constructor(methods: Readonly<Record<string, HubMethod>>) {
    this.#methods = methods
  }

  /** Calls a method of every client. */
  sendToAll(target: string, ...args: readonly unknown[]): void {
    for (const client of this.#clients) client.send(target, ...args)
  }

  /** Serves one socket until it closes. */
  async serve(webSocket: ManagedWebSocket): Promise<void> {
    const send = (message: HubMessage): void => void webSocket.sendAsync(encodeHubMessage(message))
    const client: HubClient = { send: (target, ...args) => send({ type: MessageType.Invocation, target, arguments: args }) }
    let hasShakenHands = false
    try {
      for await (const text of webSocket) {
        for (const message of parseHubMessages(String(text))) {
          if (!hasShakenHands) {
            hasShakenHands = this.#shakeHands(webSocket, message)
            if (!hasShakenHands) return
            this.#clients.add(client)
          } else if (isInvocation(message)) void this.#invoke(client, message, send)
          else if (message.type === MessageType.Ping) send({ type: MessageType.Ping })
          else if (message.type === MessageType.Close) return
        }
      }
    } finally {
      this.#clients.delete(client)
    }
  }

  #shakeHands(webSocket: ManagedWebSocket, message: HubMessage): boolean {
    const isJson = message['protocol'] === 'json' && message['version'] === 1
    void webSocket.sendAsync(encodeHubMessage(isJson ? {} : { error: 'This hub supports only version 1 of the JSON protocol' }))
    return isJson
  }

  async #invoke(
    client: HubClient,
    { invocationId, target, arguments: args }: Invocation,
    send: (message: HubMessage) => void,
  ): Promise<void> {
    const completion = { type: MessageType.Completion, invocationId }
    try {
      const method = Object.hasOwn(this.#methods, target) ? this.#methods[target] : undefined
      if (method === undefined) throw new Error(`Unknown hub method '${target}'`)
      const result: unknown = await method(client, ...args)
      if (invocationId !== undefined) send({ ...completion, result: result ?? null })
    } catch (error) {
      if (invocationId !== undefined) send({ ...completion, error: error instanceof Error ? error.message : String(error) })
    }
  }
}
