import { startTimer } from '../../options/start-timer.ts'
import { WebSocketException } from '../../errors/web-socket-exception.ts'

/** What keep-alive needs of its connection. */
export interface KeepAliveListener {
  /** Whether a ping may be sent, and can be answered: not once either side has sent a Close frame. */
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
  #isOverdue = false

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

  /** A pong with the number of the awaited ping counts, or of a later one: a peer may answer the latest only (RFC 6455, section 5.5.3). */
  onPong(counter: number): void {
    if (counter >= this.#awaited && counter <= this.#counter) this.#awaited = 0
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
    this.#timer = startTimer(delay, onTick, this)?.unref()
  }

  tick(): void {
    if (!this.#listener.canPing) return
    const now = performance.now()
    if (this.#awaited !== 0) {
      if (this.#listener.isReadingPaused) {
        this.#deadline = now + this.#timeout
      } else if (now >= this.#deadline && !this.#isOverdue) {
        // If we were late ourselves, the answer may lie in the kernel: read once more before judging.
        this.#isOverdue = true
        this.#schedule(1)
        return
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
    } else {
      this.#deadline = now + this.#timeout
      this.#isOverdue = false
      this.#lastHeard = now
      // Before the ping, which may find the transport gone and stop us.
      this.#schedule(this.#timeout > 0 ? Math.min(this.#timeout, this.#interval) : this.#interval)
      const counter = this.ping()
      this.#awaited = this.#timeout > 0 ? counter : 0
    }
  }
}

/** The number of the ping that a pong answers; `undefined` if it was none of ours. */
export function pingNumberOf(payload: Buffer): number | undefined {
  return payload.length === 8 && payload.readUInt32BE(0) === 0 ? payload.readUInt32BE(4) : undefined
}

function isOn(duration: number): boolean {
  return duration > 0 && duration !== Infinity
}

function onTick(keepAlive: KeepAlive): void {
  keepAlive.tick()
}
