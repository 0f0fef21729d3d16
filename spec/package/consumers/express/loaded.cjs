const { dirname, relative } = require('node:path')

// Prints the files that an entry of the package loads: its own, and other packages. The argument is the name of the entry.
require(process.argv[2])
const root = dirname(require.resolve('express-use-websockets/package.json'))
const files = Object.keys(require.cache).filter((file) => file !== __filename)
const own = files.map((file) => relative(root, file)).filter((file) => file.startsWith('dist'))
const others = files.flatMap((file) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1] ?? [])
console.log(JSON.stringify({ own, others: [...new Set(others)].filter((name) => name !== 'express-use-websockets') }))
