import type { Http2SecureServer, Http2Server } from 'node:http2'

/**
 * Takes from the server what `node:http2` does for `'request'` listeners: it would make a request and a response of its own from each
 * stream. Node does not document these listeners; they are known by their names, which `compatibility-layer.spec.ts` watches.
 */
export function removeCompatibilityLayer(server: Http2Server | Http2SecureServer): void {
  removeListenersNamed(server, 'stream', 'bound onServerStream')
  // It would bring the former back with the next 'request' listener.
  removeListenersNamed(server, 'newListener', 'setupCompat')
}

function removeListenersNamed(server: Http2Server | Http2SecureServer, event: string, name: string): void {
  for (const listener of server.rawListeners(event)) {
    if (listener.name === name) server.removeListener(event, listener as (...values: unknown[]) => void)
  }
}
