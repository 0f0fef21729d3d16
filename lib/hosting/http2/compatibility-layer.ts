import type { Http2SecureServer, Http2Server } from 'node:http2'

/**
 * Removes the listeners by which `node:http2` creates a request and a response of its own from each stream. Node does not document them. They are
 * found by their names, which `compatibility-layer.spec.ts` checks.
 */
export function removeCompatibilityLayer(server: Http2Server | Http2SecureServer): void {
  removeListenersNamed(server, 'stream', 'bound onServerStream')
  // It would add the first one again with the next 'request' listener.
  removeListenersNamed(server, 'newListener', 'setupCompat')
}

function removeListenersNamed(server: Http2Server | Http2SecureServer, event: string, name: string): void {
  for (const listener of server.rawListeners(event)) {
    if (listener.name === name) server.removeListener(event, listener as (...values: unknown[]) => void)
  }
}
