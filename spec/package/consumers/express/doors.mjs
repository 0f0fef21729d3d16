import { createRequire } from 'node:module'

// Prints for each entry of the package the names that it exports, and those that differ from `require`.
const require = createRequire(import.meta.url)
const { exports } = require('express-use-websockets/package.json')
const doors = Object.keys(exports)
  .filter((door) => door !== './package.json')
  .map((door) => door.replace('.', 'express-use-websockets'))

for (const door of doors) {
  const imported = await import(door)
  const required = require(door)
  const names = [...new Set([...Object.keys(imported), ...Object.keys(required)])].sort()
  console.log(JSON.stringify({ door, names, different: names.filter((name) => imported[name] !== required[name]) }))
}
