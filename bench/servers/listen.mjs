/**
 * Listens on a free port, sends the port to the harness, and reports memory use on request. All Node servers of the bench use it.
 * @param {import('node:net').Server} server
 */
export function listen(server) {
  // workers.mjs passes a port, so that several processes can share it.
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
  // The second collection frees what the first has finalised.
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage()
}
