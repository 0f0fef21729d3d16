import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** The output of a script and how it ended. */
export interface ScriptResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a TypeScript file (path relative to the root of the package) in a separate Node process. */
export async function runScript(
  path: string,
  nodeOptions: readonly string[] = [],
  scriptArguments: readonly string[] = [],
): Promise<ScriptResult> {
  const root = join(__dirname, '..', '..')
  const child = spawn(process.execPath, [...nodeOptions, '-r', 'esbuild-register', path, ...scriptArguments], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, stdout, stderr }
}
