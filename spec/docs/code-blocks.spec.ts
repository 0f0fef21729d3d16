import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import * as ownExports from '../../lib/index.ts'

const root = join(__dirname, '../..')
const documents = ['README.md', 'SECURITY.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
)

interface CodeBlock {
  readonly document: string
  readonly line: number
  readonly code: string
}

/** The TypeScript of a document. */
function codeBlocks(document: string): CodeBlock[] {
  const text = readFileSync(join(root, document), 'utf8')
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), (match) => ({
    document,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }))
}

/** What examples take for granted. Each is declared for those that use it without declaring it. */
const assumptions: Record<string, string> = {
  app: "declare const app: import('express').Express",
  server: "declare const server: import('node:http').Server",
  req: "declare const req: import('express').Request & { session: { user: string } }",
  res: "declare const res: import('express').Response",
  webSocket: "declare const webSocket: import('express-use-websockets').ManagedWebSocket",
  webSockets: "declare const webSockets: import('express-use-websockets').WebSocketMiddleware",
  subscribers: "declare const subscribers: Set<import('express-use-websockets').ManagedWebSocket>",
  requireLogin: "declare const requireLogin: import('express').RequestHandler",
  session: "import session from 'express-session'",
  key: 'declare const key: string',
  cert: 'declare const cert: string',
  secret: 'declare const secret: string',
  price: 'declare const price: { readonly amount: number }',
  news: 'declare const news: string',
  token: 'declare const token: string',
  createServer: "import { createServer } from 'node:http'",
  SocketServer: "import { Server as SocketServer } from 'socket.io'",
}

const sessionUser = "declare module 'express-session' { interface SessionData { user: string } }"

/** The block as a module that compiles if the example is right: its names imported, its statements in an asynchronous function. */
function toModule(code: string): string {
  const importLines = code.split('\n').filter((line) => line.startsWith('import '))
  const statements = code.split('\n').map((line) => (line.startsWith('import ') ? '' : line))
  const imported = importLines.join('\n')
  const declares = (name: string): boolean =>
    new RegExp(`\\b(?:const|let|using|class|function) ${name}\\b|\\([^()]*\\b${name}\\b[^()]*\\) =>`).test(code) ||
    new RegExp(`\\b${name}\\b`).test(imported)
  const uses = (name: string): boolean => new RegExp(`(?<![.'\\w])${name}\\b(?!['"-])`).test(statements.join('\n'))
  const missing = Object.entries(assumptions).filter(([name]) => uses(name) && !declares(name))
  const ours = ownNames.filter((name) => uses(name) && !new RegExp(`\\b${name}\\b`).test(imported))
  return [
    imported,
    ours.length > 0 ? `import { ${ours.join(', ')} } from 'express-use-websockets'` : '',
    ...missing.map(([, declaration]) => declaration),
    missing.some(([name]) => name === 'session') ? sessionUser : '',
    'export async function example() {',
    ...statements,
    '}',
  ].join('\n')
}

const ownNames = Object.keys(ownExports)

describe('the TypeScript of README and docs', () => {
  const blocks = documents.flatMap(codeBlocks)
  let folder: string
  let output = ''

  beforeAll(async () => {
    // Inside of the project, so that packages are found.
    folder = mkdtempSync(join(root, '.code-blocks-'))
    blocks.forEach((block, index) => writeFileSync(join(folder, `block-${index}.ts`), toModule(block.code)))
    const compilerOptions = {
      noUnusedLocals: false,
      noUnusedParameters: false,
      noImplicitReturns: false,
      exactOptionalPropertyTypes: false,
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] }),
    )
    const tsc = join(root, 'node_modules/.bin/tsc')
    await promisify(execFile)(tsc, ['-p', folder]).catch((error: { readonly stdout: string }) => {
      output = error.stdout
    })
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(blocks.map((block, index) => [`${block.document}, line ${block.line}`, index] as const))('compiles in %s', (_place, index) => {
    const mistakes = output.split('\n').filter((line) => line.includes(`block-${index}.ts`))
    expect(mistakes).toEqual([])
  })

  it('is there', () => {
    expect(blocks.length).toBeGreaterThan(10)
    expect(output.split('\n').filter((line) => /error/.test(line) && !/block-\d+\.ts/.test(line))).toEqual([])
  })
})
