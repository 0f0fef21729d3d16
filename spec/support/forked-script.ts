import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** What a script can be asked. Arguments and results must be JSON. */
type Functions = Readonly<Record<string, (...parameters: never[]) => Promise<unknown>>>

interface AnswerMessage<Asked extends Functions[string]> {
  readonly answer: Awaited<ReturnType<Asked>>
}

/** A TypeScript file in a Node process of its own, where garbage can be collected. It answers by {@link answerCalls}. */
export class ForkedScript<Answering extends Functions> {
  readonly #child: ChildProcess
  readonly #death: Promise<never>

  /** @param path - from the root of the package. */
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
    // It is looked at with every call.
    this.#death.catch(() => undefined)
  }

  /** Calls a function of the script, one after another. Rejects with what the script has printed to its standard error if it has died. */
  async call<Name extends keyof Answering & string>(
    name: Name,
    ...parameters: Parameters<Answering[Name]>
  ): Promise<Awaited<ReturnType<Answering[Name]>>> {
    // To a script that has died this fails, and its death tells of it.
    this.#child.send({ name, parameters }, () => undefined)
    const [message] = (await Promise.race([once(this.#child, 'message'), this.#death])) as [AnswerMessage<Answering[Name]>]
    return message.answer
  }

  /** Ends the script, which may be too busy to listen. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

/** Lets the process that has started this one call functions of it, and ends with it. */
export function answerCalls(functions: Functions): void {
  process.on('message', ({ name, parameters }: { readonly name: string; readonly parameters: never[] }) => {
    void functions[name]?.(...parameters).then((answer) => process.send?.({ answer }))
  })
  process.on('disconnect', () => process.exit())
}
