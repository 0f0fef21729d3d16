import { EventEmitter, once } from 'node:events'
import type { LogEntry } from './transcript.ts'

/** The logs of the played scenarios, by id. A reader may ask before a scenario has ended. */
export class ScenarioLogs {
  readonly #logs = new Map<string, readonly LogEntry[]>()
  /** All scenarios may wait at the same time. */
  readonly #completions = new EventEmitter().setMaxListeners(0)

  complete(id: string, log: readonly LogEntry[]): void {
    this.#logs.set(id, log)
    this.#completions.emit(id)
  }

  /** Waits up to 8 seconds for the log, then resolves with `null`. */
  async find(id: string): Promise<readonly LogEntry[] | null> {
    if (!this.#logs.has(id)) await once(this.#completions, id, { signal: AbortSignal.timeout(8000) }).catch(() => undefined)
    return this.#logs.get(id) ?? null
  }
}
