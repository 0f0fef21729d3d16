import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A server that can be killed and restarted on the same port. */
export class RestartableServer {
  port = 0
  readonly #listener: RequestListener
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  /** Listens on 127.0.0.1. Ends with {@link closeRestartableServers}. */
  static async start(listener: RequestListener): Promise<RestartableServer> {
    const server = new RestartableServer(listener)
    await server.start()
    servers.push(server)
    return server
  }

  private constructor(listener: RequestListener) {
    this.#listener = listener
  }

  /** Listens on its port, or, the first time, on a free one. */
  async start(): Promise<void> {
    this.#server = createServer(this.#listener)
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** Resets all connections and refuses new ones. */
  async kill(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** Ends all servers. For `afterEach`. */
export async function closeRestartableServers(): Promise<void> {
  for (const server of servers.splice(0)) await server.kill()
}

const servers: RestartableServer[] = []
