import { SETTLED } from '../errors/settled.ts'
import { startTimer } from '../options/start-timer.ts'
import { runAtTurnEnd } from './sending/turn-end.ts'
import type { TurnEndTask } from './sending/turn-end.ts'

/** The part of a connection that a close answer uses. */
export interface CloseAnswerListener {
  /** How long the application may take to answer, in milliseconds; `Infinity` means no limit. */
  readonly answerTimeout: number
  /** The number of bytes that wait to be received. It decreases while the application receives. */
  readonly unreadBytes: number
  /** Whether a receive operation waits. */
  readonly isReceiving: boolean
  /** Resolves when all data that was sent so far has left; `undefined` if nothing waits. */
  whenSent(): Promise<void> | undefined
  /** Answers the Close frame. Called once. */
  answer(): void
}

/** Answers the peer's Close frame if the application does not. Otherwise a forgotten answer would keep the client waiting and the connection open. */
export class CloseAnswer implements TurnEndTask {
  readonly #listener: CloseAnswerListener
  #isStopped = false
  #isTurnEndDue = false
  #timer: NodeJS.Timeout | undefined
  #unreadBytes = 0

  constructor(listener: CloseAnswerListener) {
    this.#listener = listener
  }

  /** Answers at the end of this turn, after everything that the application sends in this turn, unless the application closes the socket. */
  answerAtTurnEnd(): void {
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    this.#stopTimer()
    // After the pending microtasks, because the application sends its last messages there, and a tick may run before them.
    void SETTLED.then(() => runAtTurnEnd(this))
  }

  /** Answers when the application has neither received nor answered for `answerTimeout`. */
  answerInTime(): void {
    this.#stopTimer()
    if (this.#isStopped || this.#isTurnEndDue) return
    this.#unreadBytes = this.#listener.unreadBytes
    this.#timer = startTimer(this.#listener.answerTimeout, onTime, this)?.unref()
  }

  /** Cancels the answer. */
  stop(): void {
    this.#isStopped = true
    this.#stopTimer()
  }

  onTurnEnd(): void {
    if (this.#isStopped) return
    const sent = this.#listener.whenSent()
    if (sent === undefined) return this.#answer()
    // The code that awaits those sends may send more data or close the socket.
    const runAgain = (): void => runAtTurnEnd(this)
    sent.then(runAgain, runAgain)
  }

  onTime(): void {
    this.#timer = undefined
    if (this.#listener.isReceiving || this.#listener.unreadBytes !== this.#unreadBytes) this.answerInTime()
    else this.#answer()
  }

  #answer(): void {
    this.stop()
    this.#listener.answer()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function onTime(answer: CloseAnswer): void {
  answer.onTime()
}
