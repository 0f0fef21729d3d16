import { SETTLED } from '../errors/settled.ts'
import { startTimer } from '../options/start-timer.ts'
import { runAtTurnEnd } from './sending/turn-end.ts'
import type { TurnEndTask } from './sending/turn-end.ts'

/** What an answer needs of its connection. */
export interface CloseAnswerListener {
  /** How long the application may take, in milliseconds; Infinity: for ever. */
  readonly answerTime: number
  /** How much waits to be received. It shrinks as the application goes on receiving. */
  readonly unreadBytes: number
  /** Whether somebody waits for what comes next. */
  readonly isReceiving: boolean
  /** Resolves when what was given to be sent so far has left; `undefined` if nothing waits. */
  whenSent(): Promise<void> | undefined
  /** Answers. Called once. */
  answer(): void
}

/**
 * Answers a Close frame of the peer that the application leaves unanswered, so that nobody who forgets it keeps its client waiting, and the
 * connection open.
 */
export class CloseAnswer implements TurnEndTask {
  readonly #listener: CloseAnswerListener
  #isStopped = false
  #isTurnEndDue = false
  #timer: NodeJS.Timeout | undefined
  #unreadBytes = 0

  constructor(listener: CloseAnswerListener) {
    this.#listener = listener
  }

  /** Answers when the application has had its turn: behind whatever it sends in it, unless it closes the socket by itself. */
  answerAtTurnEnd(): void {
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    this.#rest()
    // Not before the microtasks that are due, as a tick may come: in them the application sends what it has left to say.
    void SETTLED.then(() => runAtTurnEnd(this))
  }

  /** Answers when the application has received nothing, and has not answered, for as long as it may take. */
  answerInTime(): void {
    this.#rest()
    if (this.#isStopped || this.#isTurnEndDue) return
    this.#unreadBytes = this.#listener.unreadBytes
    this.#timer = startTimer(this.#listener.answerTime, onTime, this)?.unref()
  }

  /** There is nothing to be answered any more. */
  stop(): void {
    this.#isStopped = true
    this.#rest()
  }

  onTurnEnd(): void {
    if (this.#isStopped) return
    const sent = this.#listener.whenSent()
    if (sent === undefined) return this.#answer()
    // Whoever awaits what was sent may send more, or close.
    const goOn = (): void => runAtTurnEnd(this)
    sent.then(goOn, goOn)
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

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function onTime(answer: CloseAnswer): void {
  answer.onTime()
}
