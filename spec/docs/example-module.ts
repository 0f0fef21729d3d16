import type { CodeBlock } from './code-blocks.ts'
import * as ownExports from '../../lib/index.ts'

/** The names that examples use without a declaration, with their types. The runner of an example provides them. */
const givenTypes: Readonly<Record<string, string>> = {
  address: 'string',
  app: "import('express').Express",
  authenticate: "import('express').RequestHandler",
  cert: 'string',
  console: 'Console',
  expect: "typeof import('@jest/globals').expect",
  key: 'string',
  news: 'string',
  price: '{ readonly amount: number }',
  req: "import('express').Request & { session: { user: string } }",
  requireLogin: "import('express').RequestHandler",
  res: "import('express').Response",
  secret: 'string',
  server: "import('node:http').Server",
  subscribers: "Set<import('express-use-websockets').ManagedWebSocket>",
  token: 'string',
  verifyToken: '(token: string) => Promise<{ readonly sub: string; readonly exp: number }>',
  webSocket: "import('express-use-websockets').ManagedWebSocket",
  webSockets: "import('express-use-websockets').WebSocketMiddleware",
}

/** The imports and types that examples omit. */
const silentImports: Readonly<Record<string, string>> = {
  AuthenticatedRequest:
    "import type { Request } from 'express'\ninterface AuthenticatedRequest extends Request { claims?: { sub: string; exp: number } | undefined }",
  createServer: "import { createServer } from 'node:http'",
  session: "import session from 'express-session'\ndeclare module 'express-session' { interface SessionData { user: string } }",
  SocketServer: "import { Server as SocketServer } from 'socket.io'",
}

const ownNames = Object.keys(ownExports)

/**
 * Converts the block into a module that runs it: `example(given)`. It compiles if the example is right. It returns the declarations that other code
 * uses. A server gets a free port instead of that in the text.
 */
export function toModule(block: CodeBlock, instead: Readonly<Record<string, string>> = {}): string {
  const code = replaceAll(block.code, instead)
  const lines = code.split('\n')
  const imported = lines.filter((line) => line.startsWith('import ')).join('\n')
  // The statements become the body of a function, which cannot export.
  const statements = lines.map((line) => (line.startsWith('import ') ? '' : line.replace(/^export /, ''))).join('\n')
  const isDeclared = (name: string): boolean =>
    new RegExp(
      `\\b(?:const|let|using|class|function|interface) ${name}\\b|\\([^()]*(?<!: )\\b${name}\\b[^()]*\\) =>|async \\(${name}\\)`,
    ).test(code) || new RegExp(`\\b${name}\\b`).test(imported)
  const isMissing = (name: string): boolean => new RegExp(`(?<![.'\\w])${name}\\b(?!['"-]|: )`).test(statements) && !isDeclared(name)
  const given = Object.keys(givenTypes).filter(isMissing)
  const ours = ownNames.filter((name) => isMissing(name))
  const declared = Array.from(statements.matchAll(/^(?:async )?(?:const|function) (app|echo|sendMetrics|server)\b/gm), ([, name]) => name)
  return [
    imported,
    ...Object.entries(silentImports).flatMap(([name, line]) => (isMissing(name) ? line : [])),
    ours.length > 0 ? `import { ${ours.join(', ')} } from 'express-use-websockets'` : '',
    `interface Given { ${given.map((name) => `readonly ${name}: ${givenTypes[name]}`).join('; ')} }`,
    `export async function example({ ${given.join(', ')} }: Given) {`,
    statements,
    declared.length > 0 ? `return { ${declared.join(', ')} }` : '',
    '}',
  ].join('\n')
}

function replaceAll(code: string, instead: Readonly<Record<string, string>>): string {
  let replaced = code.replaceAll(/\.listen\(\d+\)/g, '.listen(0)')
  for (const [text, replacement] of Object.entries(instead)) {
    if (!replaced.includes(text)) throw new Error(`The example has no '${text}' that could be replaced`)
    replaced = replaced.replaceAll(text, replacement)
  }
  return replaced
}
