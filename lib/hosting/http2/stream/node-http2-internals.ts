import type { Http2Session, ServerHttp2Session, ServerHttp2Stream, Settings } from 'node:http2'
import type { Socket } from 'node:net'

/*
 * What this directory touches of node:http2 that Node does not document, besides the listeners of `compatibility-layer.ts`.
 * `spec/hosting/http2/abandoned-sessions.spec.ts` fails if a Node release changes any of it.
 */

/**
 * Whether nghttp2 wants neither to read nor to write any more: then the session is over, whatever its peer does, and its connection
 * should be dropped (the manual of `nghttp2_session_want_read()`).
 */
export function isAbandoned(session: ServerHttp2Session): boolean {
  return handleOf(session)?.hasPendingData?.() === false
}

interface NativeHandle {
  /** Of a session. */
  hasPendingData?(): boolean
  /** Of a stream: what was handed to it. It is handed the next only when what was handed to it before has left. */
  readonly bytesWritten?: number
}

/** The native object behind a session or a stream, as long as it is not destroyed. */
export function handleOf(owner: Http2Session | ServerHttp2Stream): NativeHandle | undefined {
  return member(owner, 'kHandle') as NativeHandle | undefined
}

/** The connection itself; `session.socket` is a stand-in that cannot be destroyed. Gone when the session is destroyed. */
export function socketOf(session: Http2Session): Socket | undefined {
  return member(session, 'socket') as Socket | undefined
}

/** Whether the server was made with `settings: { enableConnectProtocol: false }`. */
export function refusesExtendedConnect(server: object): boolean {
  const { settings } = (member(server, 'options') ?? {}) as { readonly settings?: Settings }
  return settings?.enableConnectProtocol === false
}

/** Whether the system knows that the connection is no more. Sockets tell only of what they come upon by reading or writing. */
export function isDisconnected(socket: Socket | undefined): boolean {
  const { _handle: handle } = (socket ?? {}) as { readonly _handle?: { getpeername?(name: object): number } | null }
  return (handle?.getpeername?.({}) ?? 0) < 0
}

function member(owner: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(owner).find((own) => own.description === description)
  return symbol === undefined ? undefined : (owner as Readonly<Record<symbol, unknown>>)[symbol]
}
