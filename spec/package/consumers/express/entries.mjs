import { createRequire } from 'node:module'

// Prints for each entry of the package the names that it exports, and those that differ from `require`.
const require = createRequire(import.meta.url)
const { exports } = require('express-use-websockets/package.json')
const entries = Object.keys(exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace('.', 'express-use-websockets'))

for (const entry of entries) {
  const imported = await import(entry)
  const required = require(entry)
  const names = [...new Set([...Object.keys(imported), ...Object.keys(required)])].sort()
  console.log(JSON.stringify({ entry, names, different: names.filter((name) => imported[name] !== required[name]) }))
}
