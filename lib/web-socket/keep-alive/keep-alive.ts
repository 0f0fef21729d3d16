import { connectionError } from '../../errors/connection-error.ts'
import { startTimer } from '../../options/start-timer.ts'
import type { WebSocketException } from '../../errors/web-socket-exception.ts'
import type { Outflow } from '../transport/outflow.ts'
import { Backlog } from './backlog.ts'

/** The connection as keep-alive sees it. */
export interface KeepAliveListener {
  /** Whether a ping may be sent and can be answered: `false` after either side has sent a Close frame. */
  readonly canPing: boolean
  /** Whether the answer to a ping would be read: the transport is not paused, and no local work delays the ping. */
  readonly isListening: boolean
  /** Measures how written data leaves the process. */
  readonly outflow: Outflow
  sendPing(payload: Buffer): void
  onDeadPeer(error: WebSocketException): void
}

/**
 * Without a timeout, sends a ping at every interval, so that proxies do not take the connection for idle. With a timeout, sends a ping after an interval
 * without a sign of life, and reports the peer if no sign of life follows within the timeout. A sign of life is a byte that arrives, or a byte that
 * waited for the peer and has left. There is a check every quarter of an interval, as in .NET (`WebSocket.KeepAlive.cs`), so that the hot path does
 * not read the clock. A sign of life is dated to the check before it.
 *
 * Silence counts only while a sign of life can be seen. While the transport is paused and no data waits for the peer, the peer is pinged at every
 * interval and not reported. These pings show whether the connection was reset: Node (20 to 26) does not notice that on a socket that it does not read.
 */
export class KeepAlive {
  readonly #listener: KeepAliveListener
  readonly #interval: number
  /** 0 means that no peer is reported. */
  readonly #timeout: number
  readonly #backlog: Backlog | undefined
  /** The round-trip time of the last answered ping in milliseconds, pings of the application included. */
  roundTripTime: number | undefined
  #timer: NodeJS.Timeout | undefined
  /** The time of the last ping, pings of the application included; 0 if it was answered. */
  #pingedAt = 0
  /** The number in the last ping, pings of the application included. A pong has the number of its ping. */
  #counter = 0
  /** Whether bytes have arrived since the last check. */
  #hasReceivedBytes = false
  /** The time of the last check. */
  #checkedAt = 0
  /** The earliest possible time of the last sign of life. */
  #aliveAt = 0
  /** The time from which silence counts. */
  #silentSince = 0
  /** When keep-alive sent its last ping. */
  #probedAt = 0
  /** Whether the timeout has passed, and the next check decides about the peer. */
  #isOverdue = false

  constructor(listener: KeepAliveListener, interval: number, timeout: number) {
    this.#listener = listener
    this.#interval = isOn(interval) ? interval : 0
    this.#timeout = isOn(timeout) ? timeout : 0
    if (this.#interval === 0) return
    if (this.#timeout === 0) {
      this.#schedule(this.#interval)
      return
    }
    this.#backlog = new Backlog()
    this.#checkedAt = performance.now()
    this.#aliveAt = this.#checkedAt
    this.#silentSince = this.#checkedAt
    this.#schedule(this.#interval / CHECKS_PER_INTERVAL)
  }

  /** Bytes have arrived. */
  onBytes(): void {
    this.#hasReceivedBytes = true
  }

  /** Sends a ping and returns its number. */
  ping(): number {
    this.#counter++
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(this.#counter, 4)
    this.#pingedAt = performance.now()
    this.#listener.sendPing(payload)
    return this.#counter
  }

  /** A pong with this number has arrived. */
  onPong(counter: number): void {
    if (counter !== this.#counter || this.#pingedAt === 0) return
    this.roundTripTime = performance.now() - this.#pingedAt
    this.#pingedAt = 0
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #schedule(delay: number): void {
    this.#timer = startTimer(delay, onTick, this)?.unref()
  }

  tick(): void {
    if (!this.#listener.canPing) return
    const backlog = this.#backlog
    if (backlog === undefined) {
      // Scheduled before the ping: writing the ping may show that the transport is gone, which stops this timer.
      this.#schedule(this.#interval)
      this.ping()
      return
    }
    const now = performance.now()
    const isSilenceCounted = this.#check(backlog, now)
    const isProbed = isSilenceCounted && this.#probedAt > this.#silentSince
    const dueAt = isProbed
      ? this.#probedAt + this.#timeout
      : (isSilenceCounted ? this.#silentSince : Math.max(this.#aliveAt, this.#probedAt)) + this.#interval
    if (now < dueAt) {
      this.#schedule(Math.min(dueAt - now, this.#interval / CHECKS_PER_INTERVAL))
    } else if (!isProbed) {
      this.#probedAt = now
      this.#isOverdue = false
      this.#schedule(Math.min(this.#timeout, this.#interval / CHECKS_PER_INTERVAL))
      this.ping()
    } else if (!this.#isOverdue) {
      // If this process was late, the answer may be in the kernel, so it is read before the decision.
      this.#isOverdue = true
      this.#schedule(1)
    } else {
      const message = `The peer gave no sign of life for the keepAliveInterval of ${this.#interval} ms, and then none within the keepAliveTimeout of ${this.#timeout} ms`
      this.#listener.onDeadPeer(connectionError('ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT', message))
    }
  }

  /** Records the signs of life since the last check. @returns whether a live peer would have given one. */
  #check(backlog: Backlog, now: number): boolean {
    const transitTime = backlog.check(now, this.#listener.outflow)
    const isSilenceTelling = this.#listener.isListening || backlog.isWaiting
    if (this.#hasReceivedBytes || transitTime !== undefined) {
      this.#aliveAt = this.#checkedAt
      this.#silentSince = this.#checkedAt
      if (!this.#hasReceivedBytes && transitTime) this.#silentSince = now + Math.min(transitTime, this.#interval + this.#timeout)
    }
    if (!isSilenceTelling) this.#silentSince = Math.max(this.#silentSince, now)
    this.#hasReceivedBytes = false
    this.#checkedAt = now
    return isSilenceTelling
  }
}

/** The number of the ping that a pong answers; `undefined` if this side did not send that ping. */
export function pingNumberOf(payload: Buffer): number | undefined {
  return payload.length === 8 && payload.readUInt32BE(0) === 0 ? payload.readUInt32BE(4) : undefined
}

/** The number of checks in an interval. */
const CHECKS_PER_INTERVAL = 4

function isOn(duration: number): boolean {
  return duration > 0 && duration !== Infinity
}

function onTick(keepAlive: KeepAlive): void {
  keepAlive.tick()
}
