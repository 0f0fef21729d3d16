import { EventEmitter, once } from 'node:events'
import type { LogEntry } from './transcript.ts'

/** The logs of the scenarios that were played, by id. Whoever asks may come before the end. */
export class ScenarioLogs {
  readonly #logs = new Map<string, readonly LogEntry[]>()
  /** As many may wait as there are scenarios. */
  readonly #completions = new EventEmitter().setMaxListeners(0)

  complete(id: string, log: readonly LogEntry[]): void {
    this.#logs.set(id, log)
    this.#completions.emit(id)
  }

  /** Waits for the log, up to 8 seconds; else resolves with `null`. */
  async find(id: string): Promise<readonly LogEntry[] | null> {
    if (!this.#logs.has(id)) await once(this.#completions, id, { signal: AbortSignal.timeout(8000) }).catch(() => undefined)
    return this.#logs.get(id) ?? null
  }
}
