import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Runs a command. Resolves with its output; rejects if it fails. */
export const runAsync = promisify(execFile)

const root = join(__dirname, '../..')

/** Builds the package and packs it into the folder. Resolves with the path of the tarball. */
export async function packAsync(folder: string): Promise<string> {
  await runAsync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed')
}

/** Creates a project with these packages in the folder. */
export async function installAsync(project: string, packages: readonly string[]): Promise<void> {
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  await runAsync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: project })
}
