import { expect } from '@jest/globals'
import { runScript } from './run-script.ts'

/** Runs a script that prints one JSON outcome per line, and expects it to succeed. For code that would end the process of the specs. */
export async function runOutcomes<Outcome>(
  path: string,
  scriptArguments: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Promise<Outcome[]> {
  const { exitCode, stdout, stderr } = await runScript(path, nodeOptions, scriptArguments)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome)
}
