import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import { diagnostics } from './diagnostics.ts'
import { MemberList } from './member-list.ts'
import type { Membership } from './member-list.ts'
import type { OpenWebSocket } from './open-web-socket.ts'
import type { DrainPlan } from './options/web-socket-drain-options.ts'
import { startTimer } from '../options/start-timer.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/** The result of closing the open WebSockets of a middleware. */
export interface WebSocketDrainResult {
  /** The number of sockets that ended by themselves or by the close handshake. */
  readonly closed: number
  /** The number of sockets that were aborted. */
  readonly aborted: number
  /** The number of messages that arrived but were never received by the application: it did not receive them, or the timeout passed. */
  readonly unreceived: number
}

/** The WebSockets of one middleware: the open ones, and reservations for those that are being accepted. */
export class WebSocketRegistry {
  readonly #maxConnections: number
  readonly #open = new MemberList<OpenWebSocket>()
  #reservedPlaces = 0
  /** The number of messages that drains have discarded. */
  #unreceived = 0
  #drain: Promise<WebSocketDrainResult> | undefined
  #onEmpty: (() => void) | undefined
  #plan: DrainPlan | undefined

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections
  }

  /** The number of open WebSockets. */
  get size(): number {
    return this.#open.size
  }

  get isDraining(): boolean {
    return this.#drain !== undefined
  }

  /** Reserves a place for a new WebSocket; returns `false` if there is none. */
  reservePlace(): boolean {
    if (this.isDraining || this.#reservedPlaces >= this.#maxConnections) return false
    this.#reservedPlaces++
    return true
  }

  /** Releases a reserved place. It is a property and not a method, so that it can be passed as a callback. */
  readonly releasePlace = (): void => {
    this.#reservedPlaces--
  }

  /** A snapshot of the open WebSockets. */
  get open(): OpenWebSocket[] {
    return this.#open.members
  }

  add(open: OpenWebSocket): Membership<OpenWebSocket> {
    const membership = this.#open.add(open)
    // The socket was being accepted when the drain began.
    if (this.#plan !== undefined) closeInTurn([open.webSocket], this.#plan)
    return membership
  }

  delete(membership: Membership<OpenWebSocket>): void {
    this.#open.delete(membership)
    this.#unreceived += membership.member.webSocket.unreceived
    if (this.#open.size === 0) this.#onEmpty?.()
  }

  /** Closes all WebSockets and refuses new reservations. A second call returns the promise of the first. */
  drain(plan: DrainPlan): Promise<WebSocketDrainResult> {
    this.#plan ??= plan
    this.#drain ??= this.#closeAndReport(plan)
    return this.#drain
  }

  async #closeAndReport(plan: DrainPlan): Promise<WebSocketDrainResult> {
    const connections = this.#open.size
    diagnostics.drain({ phase: 'start', connections, aborted: 0 })
    const result = await this.#closeAll(plan)
    diagnostics.drain({ phase: 'end', connections, aborted: result.aborted })
    return result
  }

  async #closeAll(plan: DrainPlan): Promise<WebSocketDrainResult> {
    const webSockets = this.#webSockets()
    const wereOpen = new Set(webSockets)
    const timers = closeInTurn(webSockets, plan)
    const isTimedOut = await this.#untilEmpty(plan.timeout)
    for (const timer of timers) clearTimeout(timer)
    if (!isTimedOut) return { closed: webSockets.length, aborted: 0, unreceived: this.#unreceived }
    const rest = this.#webSockets()
    let aborted = 0
    for (const webSocket of rest) if (cut(webSocket) && wereOpen.has(webSocket)) aborted++
    await Promise.all(rest.map((webSocket) => webSocket.completion))
    return { closed: webSockets.length - aborted, aborted, unreceived: this.#unreceived }
  }

  /** Closes the given WebSockets. Other and later ones are not affected. */
  async closeSome(webSockets: readonly AcceptedWebSocket[], plan: DrainPlan): Promise<WebSocketDrainResult> {
    const rest = new Set(webSockets)
    const completions = webSockets.map(async (webSocket) => {
      await webSocket.completion
      rest.delete(webSocket)
    })
    const timers = closeInTurn(webSockets, plan)
    let aborted = 0
    const timer = startTimer(
      plan.timeout,
      () => {
        for (const webSocket of rest) if (cut(webSocket)) aborted++
      },
      undefined,
    )
    await Promise.all(completions)
    for (const each of [timer, ...timers]) clearTimeout(each)
    const unreceived = webSockets.reduce((sum, webSocket) => sum + webSocket.unreceived, 0)
    return { closed: webSockets.length - aborted, aborted, unreceived }
  }

  #webSockets(): AcceptedWebSocket[] {
    return this.#open.members.map(({ webSocket }) => webSocket)
  }

  /** @returns whether the timeout passed first. */
  async #untilEmpty(timeout: number): Promise<boolean> {
    if (this.#open.size === 0) return false
    return new Promise((resolve) => {
      const timer = startTimer(timeout, resolve, true)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve(false)
      }
    })
  }
}

/** @returns the timers of the Close frames that are sent later. */
function closeInTurn(webSockets: readonly AcceptedWebSocket[], plan: DrainPlan): (NodeJS.Timeout | undefined)[] {
  return webSockets.map((webSocket, index) => {
    if (plan.discardIncoming) webSocket.discardIncoming()
    const delay = (index * plan.spread) / webSockets.length
    if (delay > 0) return startTimer(delay, () => close(webSocket, plan), undefined)
    close(webSocket, plan)
    return undefined
  })
}

/** @returns whether the socket was aborted and not closed in order. */
function cut(webSocket: AcceptedWebSocket): boolean {
  // The peer may have answered behind messages that the application has not received.
  webSocket.passUnreceived()
  const isOpen = webSocket.state !== WebSocketState.Closed
  webSocket.abort()
  return isOpen
}

function close(webSocket: AcceptedWebSocket, { closeStatus, closeStatusDescription }: DrainPlan): void {
  if (webSocket.state !== WebSocketState.Open && webSocket.state !== WebSocketState.CloseReceived) return
  webSocket.drain(closeStatus, closeStatusDescription)
}
