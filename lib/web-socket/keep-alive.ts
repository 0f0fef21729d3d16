import { WebSocketException } from './web-socket-exception.ts'

/** What keep-alive needs of its connection. */
export interface KeepAliveListener {
  /** Whether a ping may be sent: not once a Close frame was. */
  readonly canPing: boolean
  /** Whether we do not read at present, and so cannot see an answer. */
  readonly isReadingPaused: boolean
  sendPing(payload: Buffer): void
  onDeadPeer(error: WebSocketException): void
}

/**
 * Sends a ping after every interval without traffic and, with a timeout, reports a peer that does not answer (.NET's ping strategy,
 * `ManagedWebSocket.KeepAlive.cs`). Without a timeout it pings at every interval, so that proxies see the connection in use.
 */
export class KeepAlive {
  readonly #listener: KeepAliveListener
  readonly #interval: number
  /** 0: never. */
  readonly #timeout: number
  #timer: NodeJS.Timeout | undefined
  /** The number in the last ping, the application's included: a pong is known by it. */
  #counter = 0
  #lastHeard = 0
  /** The ping that keep-alive waits for, and until when. */
  #awaited = 0
  #deadline = 0

  constructor(listener: KeepAliveListener, interval: number, timeout: number) {
    this.#listener = listener
    this.#interval = isOn(interval) ? interval : 0
    this.#timeout = isOn(timeout) ? timeout : 0
    if (this.#interval > 0) {
      this.#lastHeard = performance.now()
      this.#schedule(this.#interval)
    }
  }

  /** Bytes have arrived. */
  onBytes(): void {
    if (this.#timeout > 0) this.#lastHeard = performance.now()
  }

  /** Only a pong with the number of the latest ping counts. */
  onPong(counter: number): void {
    if (counter === this.#awaited) this.#awaited = 0
  }

  /** Sends a ping and returns its number. */
  ping(): number {
    this.#counter++
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(this.#counter, 4)
    this.#listener.sendPing(payload)
    return this.#counter
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(onTick, Math.min(delay, MAX_DELAY), this).unref()
  }

  tick(): void {
    const now = performance.now()
    if (this.#awaited !== 0) {
      if (this.#listener.isReadingPaused) {
        this.#deadline = now + this.#timeout
      } else if (now >= this.#deadline) {
        const message = `The peer did not answer a ping within the keepAliveTimeout of ${this.#timeout} ms`
        this.#listener.onDeadPeer(new WebSocketException('ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT', message))
        return
      }
      this.#schedule(Math.min(this.#deadline - now, this.#interval))
      return
    }
    const idleUntil = this.#timeout > 0 ? this.#lastHeard + this.#interval : now
    if (now < idleUntil) {
      this.#schedule(idleUntil - now)
    } else if (!this.#listener.canPing) {
      this.#schedule(this.#interval)
    } else {
      const counter = this.ping()
      this.#awaited = this.#timeout > 0 ? counter : 0
      this.#deadline = now + this.#timeout
      this.#lastHeard = now
      this.#schedule(this.#timeout > 0 ? Math.min(this.#timeout, this.#interval) : this.#interval)
    }
  }
}

/** The longest delay of a Node timer; a longer one would fire at once. */
const MAX_DELAY = 2 ** 31 - 1

function isOn(duration: number): boolean {
  return duration > 0 && duration !== Infinity
}

function onTick(keepAlive: KeepAlive): void {
  keepAlive.tick()
}
