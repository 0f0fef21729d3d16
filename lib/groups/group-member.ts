import { connectionError } from '../errors/connection-error.ts'
import { SETTLED } from '../errors/settled.ts'
import type { ResolvedSlowMemberOptions } from './slow-member-options.ts'
import { startTimer } from '../options/start-timer.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/** Is notified by a member. */
export interface GroupMemberListener {
  onDropped(): void
}

/** A WebSocket in a group. It sends the messages of the group and applies the policy for slow members. */
export class GroupMember {
  readonly webSocket: ManagedWebSocket
  /** The identity of the member, if the application has set one. */
  readonly identity: string | undefined
  /** The index in the list of members; -1 after the member has left. */
  index: number
  readonly #options: ResolvedSlowMemberOptions
  readonly #listener: GroupMemberListener
  /** The number of messages of this group that wait in the queue of the socket. */
  #waiting = 0
  /** With `'latest'`: the message that is sent after the current one has left. */
  #latest: PreparedMessage | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(
    webSocket: ManagedWebSocket,
    identity: string | undefined,
    index: number,
    options: ResolvedSlowMemberOptions,
    listener: GroupMemberListener,
  ) {
    this.webSocket = webSocket
    this.identity = identity
    this.index = index
    this.#options = options
    this.#listener = listener
  }

  /** @returns a promise if the message waits. It resolves when the message has left or can no longer leave. */
  send(message: PreparedMessage): Promise<void> | undefined {
    const { webSocket } = this
    const { state } = webSocket
    if (state !== WebSocketState.Open && state !== WebSocketState.CloseReceived) return undefined
    // A member that waits for the compression of a long message is not slow.
    if (this.#waiting > 0 && !webSocket.isDeflating && !this.#mayWait(message)) return undefined
    const sent = webSocket.sendAsync(message)
    return sent === SETTLED ? undefined : this.#wait(sent)
  }

  /** Drops the message that was not passed to the socket yet. */
  leave(): void {
    this.index = -1
    this.#latest = undefined
    clearTimeout(this.#timer)
  }

  /** Called if other messages wait. If this one may not also wait, the policy for slow members is applied. */
  #mayWait(message: PreparedMessage): boolean {
    const { maxBufferedAmount, slowMembers } = this.#options
    if (slowMembers === 'latest') {
      if (this.#latest !== undefined) this.#listener.onDropped()
      this.#latest = message
      return false
    }
    const memory = this.webSocket.bufferedAmount + (this.#waiting + 1) * WAITING_MEMORY + message.frame.length
    if (memory <= maxBufferedAmount) return true
    this.#listener.onDropped()
    if (slowMembers !== 'drop')
      this.#cutOff(`More than maxBufferedAmount of its group (${maxBufferedAmount} bytes) waited for a peer that reads too slowly`)
    return false
  }

  #wait(sent: Promise<void>): Promise<void> {
    if (this.#waiting++ === 0) this.#startTimer()
    return sent.then(
      () => this.#onSent(),
      () => this.#onFailed(),
    )
  }

  #onSent(): void {
    this.#waiting--
    clearTimeout(this.#timer)
    if (this.#waiting > 0) this.#startTimer()
    const latest = this.#latest
    this.#latest = undefined
    if (latest !== undefined) void this.send(latest)
  }

  /** The socket has closed, or the application is sending a message of several frames, which no other message may interrupt. */
  #onFailed(): void {
    this.#listener.onDropped()
    this.#onSent()
  }

  #startTimer(): void {
    const { slowMembers, waitTimeout } = this.#options
    if (slowMembers !== 'wait' || this.index < 0) return
    this.#timer = startTimer(
      waitTimeout,
      () => this.#cutOff(`The peer took no data within the waitTimeout of its group (${waitTimeout} ms)`),
      undefined,
    )
  }

  #cutOff(message: string): void {
    this.webSocket.abortTooSlow(connectionError('ERR_WEBSOCKET_TOO_SLOW', message))
  }
}

/** Bytes that a waiting message takes per member, without the shared frame; measured on Node 20 to 26. */
const WAITING_MEMORY = 1024
