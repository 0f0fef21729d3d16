/** Prints the files of the package that are loaded together with the client. */
import { relative } from 'node:path'

const { connectWebSocket } = require('../../../lib/client.ts') as { readonly connectWebSocket: unknown }

if (typeof connectWebSocket !== 'function') throw new Error('There is no client')
const root = `${__dirname}/../../..`
const paths = Object.keys(require.cache).map((path) => relative(root, path))
console.log(JSON.stringify(paths.filter((path) => !path.includes('node_modules') && !path.startsWith('spec'))))
