/**
 * What every server of the bench does in the same way: listens on a free port, tells the harness which, and says how much memory it uses
 * when it is asked. Nothing here is on the path of a message.
 * @param {import('node:net').Server} server
 */
export function listen(server) {
  // Several processes on one port: see workers.mjs.
  const [, , sharedPort] = process.argv
  server.listen({ port: Number(sharedPort ?? 0), host: '127.0.0.1', reusePort: sharedPort !== undefined }, () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') announce(address.port)
  })
}

/** @param {number} port */
export function announce(port) {
  process.send?.({ port })
  process.on('message', (message) => {
    if (message === 'memory') process.send?.({ memory: measureMemory() })
  })
  process.on('disconnect', () => process.exit())
}

function measureMemory() {
  // Twice: what the first collection finalises, the second frees.
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage()
}
