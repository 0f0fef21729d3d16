import { rejectState } from './reject-state.ts'
import type { WebSocketConnection } from './web-socket-connection.ts'
import type { WebSocketMessage } from './receiving/web-socket-message.ts'
import { WebSocketState } from './values/web-socket-state.ts'

/** Iterates over whole messages until the peer closes, vanishes or breaks the rules. Leaving the loop early does not change the socket. */
export class MessageIterator implements AsyncIterator<WebSocketMessage, undefined> {
  readonly #connection: WebSocketConnection

  #hasBegun = false
  #hasLeft = false

  constructor(connection: WebSocketConnection) {
    this.#connection = connection
  }

  next(): Promise<IteratorResult<WebSocketMessage, undefined>> {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#connection.activeLoops++
    }
    const { receives, settings, state } = this.#connection
    if (state === WebSocketState.Open || state === WebSocketState.CloseSent) return receives.startMessage(settings.maxMessageSize)
    const { closeFrame, isLost } = this.#connection
    if (closeFrame !== undefined) this.#connection.onLoopEnd()
    if (closeFrame !== undefined || isLost) return DONE
    return rejectState(this.#connection, 'Open, CloseSent')
  }

  return(): Promise<IteratorResult<WebSocketMessage, undefined>> {
    if (this.#hasBegun && !this.#hasLeft) {
      this.#hasLeft = true
      this.#connection.onLoopLeft()
    }
    return DONE
  }
}

const DONE: Promise<IteratorResult<WebSocketMessage, undefined>> = Promise.resolve({ done: true, value: undefined })
