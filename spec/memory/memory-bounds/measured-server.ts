import { ForkedScript } from '../../support/forked-script.ts'
import type { MemoryInUse } from '../../support/memory-in-use.ts'
import type { ServerFunctions } from './server.ts'

type Answer<Name extends keyof ServerFunctions> = Awaited<ReturnType<ServerFunctions[Name]>>

/** The name of a transport. */
export type TransportName = keyof Answer<'start'>

/** The server whose memory is measured. */
export class MeasuredServer {
  readonly ports: Answer<'start'>
  readonly #script: ForkedScript<ServerFunctions>

  static async start(): Promise<MeasuredServer> {
    const script = new ForkedScript<ServerFunctions>('spec/memory/memory-bounds/server.ts')
    return new MeasuredServer(script, await script.call('start'))
  }

  private constructor(script: ForkedScript<ServerFunctions>, ports: Answer<'start'>) {
    this.#script = script
    this.ports = ports
  }

  async memory(): Promise<MemoryInUse> {
    return this.#script.call('memoryInUse')
  }

  /** Begins a row of the table, when the connections of the previous row have ended. */
  async beginRow(): Promise<void> {
    while ((await this.#script.call('reset')) > 0);
  }

  /** Waits until this many requests have reached their stage. */
  async untilReady(count: number): Promise<void> {
    while ((await this.#script.call('tellState')).ready < count);
  }

  /** Waits until the server has read all data or has stopped reading. Returns the number of bytes that it has read. */
  async untilRead(): Promise<Answer<'tellState'>> {
    let state = await this.#script.call('tellState')
    // The server may read more in each round.
    for (let unchanged = 0; unchanged < 10; unchanged++) {
      const next = await this.#script.call('tellState')
      if (next.bytesRead !== state.bytesRead) unchanged = 0
      state = next
    }
    return state
  }

  kill(): void {
    this.#script.kill()
  }
}
