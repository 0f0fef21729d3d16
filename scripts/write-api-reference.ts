/**
 * Writes docs/api/ from the doc comments, with a page for each entry point of package.json. With --check, it writes nothing and fails if it would
 * change a page. It also fails if a public export has no doc comment.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exports as entryPoints } from '../package.json'

const root = join(__dirname, '..')
const tools = join(__dirname, 'api-reference')
const target = join(root, 'docs/api')

function main(): void {
  const written = mkdtempSync(join(tmpdir(), 'api-reference-'))
  try {
    if (!runTypeDoc(written)) process.exitCode = 1
    else if (process.argv.includes('--check')) check(written)
    else replaceTarget(written)
  } finally {
    rmSync(written, { recursive: true })
  }
}

/** Returns whether all commands succeeded. They have reported any error. */
function runTypeDoc(out: string): boolean {
  const names = Object.keys(entryPoints).filter((path) => path !== './package.json')
  const sources = names.flatMap((path) => ['--entryPoints', path === '.' ? 'lib/index.ts' : `lib/${path.slice(2)}.ts`])
  const typeDoc = join(tools, 'node_modules/typedoc/bin/typedoc')
  return (
    run('npm', ['ci', '--prefix', tools, '--no-audit', '--no-fund', '--silent']) &&
    run(process.execPath, [typeDoc, '--options', join(tools, 'typedoc.json'), '--out', out, ...sources]) &&
    run(process.execPath, [join(root, 'node_modules/oxfmt/bin/oxfmt'), '--config', join(root, '.oxfmtrc.json'), out])
  )
}

function run(command: string, commandArguments: readonly string[]): boolean {
  return spawnSync(command, commandArguments, { cwd: root, stdio: 'inherit' }).status === 0
}

function replaceTarget(written: string): void {
  rmSync(target, { recursive: true, force: true })
  cpSync(written, target, { recursive: true })
}

function check(written: string): void {
  const pages = new Set([...pagesOf(written), ...pagesOf(target)])
  const stale = [...pages].filter((page) => textOf(written, page) !== textOf(target, page))
  if (stale.length === 0) return
  process.exitCode = 1
  process.stderr.write(`docs/api differs from the doc comments: ${stale.join(', ')}. Run: npm run docs\n`)
}

function pagesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')) : []
}

function textOf(folder: string, page: string): string | undefined {
  const file = join(folder, page)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

main()
