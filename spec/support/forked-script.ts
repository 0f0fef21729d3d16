import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** The functions of a script. Arguments and results must be JSON. */
type Functions = Readonly<Record<string, (...parameters: never[]) => Promise<unknown>>>

interface AnswerMessage<Asked extends Functions[string]> {
  readonly answer: Awaited<ReturnType<Asked>>
}

/** A TypeScript file in a separate Node process, where garbage can be collected. It answers through {@link answerCalls}. */
export class ForkedScript<Answering extends Functions> {
  readonly #child: ChildProcess
  readonly #death: Promise<never>

  /** @param path - relative to the root of the package. */
  constructor(path: string) {
    const root = join(__dirname, '..', '..')
    const child = fork(join(root, path), [], {
      cwd: root,
      execArgv: ['--expose-gc', '-r', 'esbuild-register'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const errors = child.stderr === null ? Promise.resolve('') : text(child.stderr)
    this.#child = child
    this.#death = once(child, 'exit').then(async () => {
      throw new Error(`The script has died (${child.signalCode ?? child.exitCode}): ${await errors}`)
    })
    // Each call checks it.
    this.#death.catch(() => undefined)
  }

  /** Calls a function of the script; one call at a time. If the script has died, rejects with its standard error. */
  async call<Name extends keyof Answering & string>(
    name: Name,
    ...parameters: Parameters<Answering[Name]>
  ): Promise<Awaited<ReturnType<Answering[Name]>>> {
    // If the script has died, this fails, and `#death` reports the reason.
    this.#child.send({ name, parameters }, () => undefined)
    const [message] = (await Promise.race([once(this.#child, 'message'), this.#death])) as [AnswerMessage<Answering[Name]>]
    return message.answer
  }

  /** Kills the script, which may be too busy for messages. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

/** Lets the parent process call functions of this script, and ends together with it. */
export function answerCalls(functions: Functions): void {
  process.on('message', ({ name, parameters }: { readonly name: string; readonly parameters: never[] }) => {
    void functions[name]?.(...parameters).then((answer) => process.send?.({ answer }))
  })
  process.on('disconnect', () => process.exit())
}
