import type { RecordedResponse } from './transcript.ts'
import type { Wire } from './wire.ts'

/** The client of a scenario, after the response. */
export interface ScenarioClient {
  readonly wire: Wire
  readonly response: RecordedResponse | null
  write(bytes: Buffer): void
  end(): void
  reset(): void
  destroy(): void
}
