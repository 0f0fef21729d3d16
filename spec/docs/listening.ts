import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Http2SecureServer } from 'node:http2'

/** Runs code that starts servers without returning them. Resolves with these servers when they listen. {@link closeListening} ends them. */
export async function listening(start: () => Promise<unknown>): Promise<(Server | Http2SecureServer)[]> {
  const started: (Server | Http2SecureServer)[] = []
  const note = (message: unknown): void => void started.push((message as { readonly server: Server }).server)
  subscribe('tracing:net.server.listen:asyncStart', note)
  try {
    await start()
  } finally {
    unsubscribe('tracing:net.server.listen:asyncStart', note)
  }
  leftovers.push(...started)
  await Promise.all(started.map(async (server) => server.listening || once(server, 'listening')))
  return started
}

/** Ends all servers. For `afterEach`. */
export function closeListening(): void {
  for (const server of leftovers.splice(0)) server.close()
}

const leftovers: (Server | Http2SecureServer)[] = []
