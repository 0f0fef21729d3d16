import { isDeepStrictEqual } from 'node:util'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { HostileServer } from './hostile-server.ts'
import { Neighbour } from './neighbour.ts'
import { playFrames } from './play-frames.ts'
import type { HostileServerSettings } from './server-settings.ts'
import { closeConnections, keepConnections, openOver, transportNames } from './transports.ts'
import type { TransportName } from './transports.ts'

/** A server under attack, and an undisturbed client on each of its ports. All attacks share one server, so that damage adds up. */
export class Scene {
  readonly server: HostileServer
  readonly #neighbours: readonly Neighbour[]

  static async set(settings: HostileServerSettings): Promise<Scene> {
    const server = await HostileServer.start(settings)
    const webSockets = await Promise.all(transportNames.map((transport) => openOver(transport, server.ports, STEADY)))
    keepConnections()
    return new Scene(
      server,
      webSockets.map((webSocket) => new Neighbour(webSocket)),
    )
  }

  private constructor(server: HostileServer, neighbours: readonly Neighbour[]) {
    this.server = server
    this.#neighbours = neighbours
  }

  /**
   * Ends the connections of an attack. Then checks that a new WebSocket and the neighbours echo, and that the server has no other WebSockets;
   * otherwise rejects.
   */
  async recover(transport: TransportName): Promise<void> {
    await closeConnections()
    const answer = await playFrames(
      await openOver(transport, this.server.ports, STEADY),
      rawFrame(1, 'healthy'),
      rawFrame(8, closePayload(1000)),
    )
    if (!isDeepStrictEqual(answer, ['text "healthy"', 'close 1000'])) throw new Error(`Not an echo: ${answer.join()}`)
    for (const neighbour of this.#neighbours) await neighbour.nextEcho()
    while ((await this.server.state()).webSockets > this.#neighbours.length) await new Promise(setImmediate)
  }

  /** Ends the server. Rejects if it has printed anything. */
  async clear(): Promise<void> {
    for (const neighbour of this.#neighbours) neighbour.stop()
    const printed = await this.server.stop()
    if (printed !== '') throw new Error(`The server has printed ${printed}`)
  }
}

/** With short keep-alive times, a busy machine would look like a dead peer. */
const STEADY = { path: '/steady' }
