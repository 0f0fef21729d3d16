import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { RequestHandler } from 'express'

/**
 * Serves `express-use-websockets/client` to pages as one ES module. This sample bundles it from lib/. An application that has installed the package
 * serves its file `dist/client.mjs`, or bundles its pages: docs/client.md.
 */
export const serveClient: RequestHandler = (_req, res) => {
  code ??= buildSync({ entryPoints: [join(__dirname, '../lib/client.ts')], bundle: true, format: 'esm', write: false }).outputFiles[0]?.text
  res.type('text/javascript').send(code)
}

let code: string | undefined
