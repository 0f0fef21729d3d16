import type { RequestListener } from 'node:http'

/** The required part of a server. */
export interface RequestEmitter {
  emit(event: string, ...values: unknown[]): boolean
  listeners(event: string): unknown[]
  on(event: string, listener: (...values: never[]) => void): unknown
  rawListeners(event: string): unknown[]
  removeAllListeners(event: string): unknown
}

/**
 * Emits `'request'` for one application with the server's own `emit()`, which tracers patch. If the application is not a listener of the server, the
 * listeners are removed meanwhile: another library may have put its own in front of the application.
 */
export function emitRequestTo(
  app: RequestListener,
  server: RequestEmitter,
  emit: RequestEmitter['emit'],
  values: Parameters<RequestListener>,
): boolean {
  const listeners = server.rawListeners('request')
  if (listeners.includes(app)) return emit('request', ...values)
  server.removeAllListeners('request')
  server.on('request', app)
  try {
    return emit('request', ...values)
  } finally {
    server.removeAllListeners('request')
    for (const listener of listeners) server.on('request', listener as () => void)
  }
}
