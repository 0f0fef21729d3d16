import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { RequestHandler } from 'express'

/**
 * Serves the client for pages, `express-use-websockets/client`, as one ES module. Here it is made of lib/. An application that has installed the package
 * sends the file `dist/client.mjs` of it instead, or bundles its pages: docs/client.md.
 */
export const serveClient: RequestHandler = (_req, res) => {
  code ??= buildSync({ entryPoints: [join(__dirname, '../lib/client.ts')], bundle: true, format: 'esm', write: false }).outputFiles[0]?.text
  res.type('text/javascript').send(code)
}

let code: string | undefined
