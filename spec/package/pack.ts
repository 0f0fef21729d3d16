import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Runs a command; resolves with what it printed, rejects if it fails. */
export const runAsync = promisify(execFile)

const root = join(__dirname, '../..')

/** Builds and packs the package into the folder, and resolves with the path of the tarball. */
export async function packAsync(folder: string): Promise<string> {
  await runAsync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed')
}

/** Makes a project of the folder, with these packages. */
export async function installAsync(project: string, packages: readonly string[]): Promise<void> {
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  await runAsync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: project })
}
