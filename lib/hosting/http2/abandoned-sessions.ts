import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { isAbandoned, isDisconnected, socketOf } from './stream/node-http2-internals.ts'

/**
 * Ends sessions that Node would never end, together with their connections and streams:
 * - After a protocol error of the client, Node 20 sends GOAWAY and reads no more, so it does not notice that the client goes.
 * - When the client resets a TLS connection, a write of Node 20 may neither succeed nor fail, and Node does not read while it writes.
 * - When a session is destroyed, Node waits until all written data has left. If the client does not read, it waits without a limit.
 */
export function endAbandonedSessions(server: Http2Server | Http2SecureServer): void {
  server.on('session', watch)
}

interface Watched {
  readonly socket: Socket | undefined
  /** How many checks have found it destroyed but not closed. */
  timesDestroyed: number
}

/** The sessions of all servers. */
const sessions = new Map<ServerHttp2Session, Watched>()
let timer: NodeJS.Timeout | undefined

function watch(session: ServerHttp2Session): void {
  sessions.set(session, { socket: socketOf(session), timesDestroyed: 0 })
  session.once('close', () => unwatch(session))
  // No event reports this, so a timer must check.
  timer ??= setInterval(endAbandoned, INTERVAL).unref()
}

function unwatch(session: ServerHttp2Session): void {
  sessions.delete(session)
  if (sessions.size > 0) return
  clearInterval(timer)
  timer = undefined
}

function endAbandoned(): void {
  for (const [session, watched] of sessions) {
    if (session.destroyed) watched.timesDestroyed++
    else if (isAbandoned(session) || isDisconnected(watched.socket)) session.destroy()
    if (watched.timesDestroyed > MAX_TIMES_DESTROYED) watched.socket?.destroy()
  }
}

/** Milliseconds. */
const INTERVAL = 1000
/** The number of checks. The last data, such as the reason, needs time to leave. */
const MAX_TIMES_DESTROYED = 3
