import type { ServerResponse } from 'node:http'

/**
 * Makes a response the last one on its connection: the connection ends behind it, whatever the application says of keeping it alive. Does
 * nothing the second time.
 */
export function endConnectionBehind(response: ServerResponse): void {
  response.shouldKeepAlive = false
  if (response.writableFinished) endConnection.call(response)
  else if (!response.listeners('close').includes(endConnection)) response.on('close', endConnection)
}

/** Takes {@link endConnectionBehind} back. */
export function keepConnection(response: ServerResponse): void {
  response.removeListener('close', endConnection)
}

/** The same function for all, so that a handshake makes none. */
function endConnection(this: ServerResponse): void {
  const { socket } = this.req
  // Node serves HTTP over any Duplex.
  if (typeof socket.destroySoon === 'function') socket.destroySoon()
  else socket.end()
}
