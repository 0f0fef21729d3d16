import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import { diagnostics } from './diagnostics.ts'
import { MemberList } from './member-list.ts'
import type { Membership } from './member-list.ts'
import type { OpenWebSocket } from './open-web-socket.ts'
import { startTimer } from '../options/start-timer.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/** How to close all WebSockets of a middleware, complete. */
export interface DrainPlan {
  readonly closeStatus: number
  readonly closeStatusDescription: string
  /** Milliseconds until what is left is aborted. */
  readonly timeout: number
  /** Milliseconds over which the Close frames are spread. */
  readonly spread: number
}

/** What became of the WebSockets that were open when a middleware was closed. */
export interface WebSocketDrainResult {
  /** How many ended by themselves or by the close handshake. */
  readonly closed: number
  /** How many had to be aborted. */
  readonly aborted: number
  /** How many messages had arrived, as far as they were read, and were not received by the application: it never receives, or the time was up. */
  readonly unreceived: number
}

/** The WebSockets of one middleware: those that are open, and the places for those that are about to be. */
export class WebSocketRegistry {
  readonly #maxConnections: number
  readonly #open = new MemberList<OpenWebSocket>()
  #places = 0
  /** Messages that drains have passed over. */
  #unreceived = 0
  #drain: Promise<WebSocketDrainResult> | undefined
  #onEmpty: (() => void) | undefined
  #plan: DrainPlan | undefined

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size
  }

  get isDraining(): boolean {
    return this.#drain !== undefined
  }

  /** Takes a place for one more; `false` if there is none. */
  takePlace(): boolean {
    if (this.isDraining || this.#places >= this.#maxConnections) return false
    this.#places++
    return true
  }

  /** A function of its own, to be handed on. */
  readonly givePlaceBack = (): void => {
    this.#places--
  }

  /** Those that are open, as they are now. */
  get open(): OpenWebSocket[] {
    return this.#open.members
  }

  add(open: OpenWebSocket): Membership<OpenWebSocket> {
    const membership = this.#open.add(open)
    // It was being accepted when the drain began.
    if (this.#plan !== undefined) close(open.webSocket, this.#plan)
    return membership
  }

  delete(membership: Membership<OpenWebSocket>): void {
    this.#open.delete(membership)
    this.#unreceived += membership.member.webSocket.unreceived
    if (this.#open.size === 0) this.#onEmpty?.()
  }

  /** Closes all, and gives no place any more. A second call returns the first one's promise. */
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
    const timers = closeInTurn(webSockets, plan)
    const isTimedOut = await this.#untilEmpty(plan.timeout)
    for (const timer of timers) clearTimeout(timer)
    if (!isTimedOut) return { closed: webSockets.length, aborted: 0, unreceived: this.#unreceived }
    const rest = this.#webSockets()
    let aborted = 0
    for (const webSocket of rest) if (cut(webSocket) && webSockets.includes(webSocket)) aborted++
    await Promise.all(rest.map((webSocket) => webSocket.completion))
    return { closed: webSockets.length - aborted, aborted, unreceived: this.#unreceived }
  }

  /** Closes some, and leaves the rest, and what comes later, alone. */
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

  /** @returns whether the time was up first. */
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

/** @returns the timers of those whose Close frame is sent later. */
function closeInTurn(webSockets: readonly AcceptedWebSocket[], plan: DrainPlan): (NodeJS.Timeout | undefined)[] {
  return webSockets.map((webSocket, index) => {
    const delay = (index * plan.spread) / webSockets.length
    if (delay > 0) return startTimer(delay, () => close(webSocket, plan), undefined)
    close(webSocket, plan)
    return undefined
  })
}

/** @returns whether it was not closed in order. */
function cut(webSocket: AcceptedWebSocket): boolean {
  // The peer may have answered, behind what nobody has received.
  webSocket.passUnreceived()
  const isOpen = webSocket.state !== WebSocketState.Closed
  webSocket.abort()
  return isOpen
}

function close(webSocket: AcceptedWebSocket, { closeStatus, closeStatusDescription }: DrainPlan): void {
  if (webSocket.state !== WebSocketState.Open && webSocket.state !== WebSocketState.CloseReceived) return
  webSocket.drain(closeStatus, closeStatusDescription)
}
