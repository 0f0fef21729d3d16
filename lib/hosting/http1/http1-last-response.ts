import type { ServerResponse } from 'node:http'

/**
 * Makes a response the last one on its connection: the connection ends after it, even if the application asks for keep-alive. Further calls have no
 * effect.
 */
export function endConnectionAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false
  if (response.writableFinished) endConnection.call(response)
  else if (!response.listeners('close').includes(endConnection)) response.on('close', endConnection)
}

/** Undoes {@link endConnectionAfter}. */
export function keepConnectionAfter(response: ServerResponse): void {
  response.removeListener('close', endConnection)
}

/** Shared by all responses, so that a handshake creates no function. */
function endConnection(this: ServerResponse): void {
  const { socket } = this.req
  // Node serves HTTP over any Duplex, which may have no `destroySoon()`.
  if (typeof socket.destroySoon === 'function') socket.destroySoon()
  else socket.end()
}
