import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { isAbandoned, isDisconnected, socketOf } from './stream/node-http2-internals.ts'

/**
 * Ends sessions that Node forgets, which would keep connection, session and streams alive permanently:
 * - when the client has broken HTTP/2's rules, Node 20 sends a GOAWAY and reads no more, so that it does not even notice that the client goes;
 * - when the client resets a connection over TLS, a write of Node 20 may neither succeed nor fail, and while it writes it does not read;
 * - when a session has been destroyed, Node waits until all written data has left, without a limit if the client does not read.
 */
export function endAbandonedSessions(server: Http2Server | Http2SecureServer): void {
  server.on('session', watch)
}

interface Watched {
  readonly socket: Socket | undefined
  /** How often it was seen destroyed, but not closed. */
  timesDestroyed: number
}

/** Those of all servers. */
const sessions = new Map<ServerHttp2Session, Watched>()
let timer: NodeJS.Timeout | undefined

function watch(session: ServerHttp2Session): void {
  sessions.set(session, { socket: socketOf(session), timesDestroyed: 0 })
  session.once('close', () => forget(session))
  // There is no event for it, so a timer must check.
  timer ??= setInterval(endAbandoned, INTERVAL).unref()
}

function forget(session: ServerHttp2Session): void {
  sessions.delete(session)
  if (sessions.size > 0) return
  clearInterval(timer)
  timer = undefined
}

function endAbandoned(): void {
  for (const [session, watched] of sessions) {
    if (session.destroyed) watched.timesDestroyed++
    else if (isAbandoned(session) || isDisconnected(watched.socket)) session.destroy()
    if (watched.timesDestroyed > PATIENCE) watched.socket?.destroy()
  }
}

/** Milliseconds. */
const INTERVAL = 1000
/** In intervals: what was sent last, such as the reason, may take its time. */
const PATIENCE = 3
