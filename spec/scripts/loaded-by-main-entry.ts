import * as mainEntry from 'express-use-websockets'

/* Prints, a line of JSON each, which modules of this package the main entry loads. */

// Without a use, the compiler would leave the import out.
void mainEntry.useWebSockets

for (const path of Object.keys(require.cache)) {
  const [, module] = /\/lib\/(.+)\.ts$/.exec(path) ?? []
  if (module !== undefined && !path.includes('node_modules')) process.stdout.write(`${JSON.stringify(module)}\n`)
}
