import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A simulated network between a client and a server. It forwards TCP connections to `port`, with a limited rate. */
export class TcpLink {
  readonly port: number
  readonly #close: () => void
  readonly #ends: Socket[] = []
  readonly #up: Flow[] = []
  readonly #down: Flow[] = []

  /** Forwards to this port of 127.0.0.1. {@link closeTcpLinks} ends it. */
  static async open(serverPort: number): Promise<TcpLink> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const link = new TcpLink((server.address() as AddressInfo).port, () => server.close())
    server.on('connection', (client) => link.#join(client, connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true })))
    links.push(link)
    return link
  }

  private constructor(port: number, close: () => void) {
    this.port = port
    this.#close = close
  }

  /** Sets the bytes per second to the server and to the client. With 0, the kernels hold the data until they are full. */
  limit(up: number, down: number): void {
    for (const flow of this.#up) flow.rate = up
    for (const flow of this.#down) flow.rate = down
  }

  /** From now on, no data passes in either direction. */
  freeze(): void {
    this.limit(0, 0)
  }

  /** Resets both connections. */
  reset(): void {
    for (const end of this.#ends) end.resetAndDestroy()
  }

  /** Ends the link and its connections. */
  close(): void {
    this.#close()
    for (const end of this.#ends) end.destroy()
  }

  #join(client: Socket, server: Socket): void {
    for (const end of [client, server]) {
      end.setNoDelay(true)
      end.on('error', () => undefined)
      end.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
    this.#ends.push(client, server)
    this.#up.push(new Flow(client, server))
    this.#down.push(new Flow(server, client))
  }
}

/** Ends all links. For `afterEach`. */
export function closeTcpLinks(): void {
  for (const link of links.splice(0)) link.close()
}

const links: TcpLink[] = []

/** One direction of a connection. */
class Flow {
  readonly #from: Socket
  #rate = Infinity
  #isResting = false

  constructor(from: Socket, to: Socket) {
    this.#from = from
    from.on('data', (chunk: Buffer) => {
      const hasRoom = to.write(chunk)
      if (this.#rate === Infinity && hasRoom) return
      from.pause()
      this.#isResting = true
      if (hasRoom) this.#rest(chunk.length)
      else to.once('drain', () => this.#rest(chunk.length))
    })
    from.on('end', () => to.end())
    from.resume()
  }

  /** Bytes a second. */
  set rate(rate: number) {
    this.#rate = rate
    if (rate === 0) this.#from.pause()
    else if (!this.#isResting) this.#from.resume()
  }

  /** Waits for the time that these bytes take. */
  #rest(length: number): void {
    setTimeout(
      () => {
        this.#isResting = false
        if (this.#rate > 0) this.#from.resume()
      },
      this.#rate > 0 ? (length / this.#rate) * 1000 : 0,
    )
  }
}
