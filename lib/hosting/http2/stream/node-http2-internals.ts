import type { Http2Session, ServerHttp2Session, ServerHttp2Stream, Settings } from 'node:http2'
import type { Socket } from 'node:net'

/*
 * The undocumented parts of node:http2 that this directory uses, besides the listeners of `compatibility-layer.ts`.
 * `spec/hosting/http2/abandoned-sessions.spec.ts` fails if a Node release changes any of them.
 */

/**
 * Whether nghttp2 wants neither to read nor to write. The session is then over, whatever the peer does, and its connection should be closed (manual
 * of `nghttp2_session_want_read()`).
 */
export function isAbandoned(session: ServerHttp2Session): boolean {
  return handleOf(session)?.hasPendingData?.() === false
}

interface NativeHandle {
  /** Only on the handle of a session. */
  hasPendingData?(): boolean
  /** Only on the handle of a stream: the bytes that Node has passed to it. It gets the next write only when the previous one has left. */
  readonly bytesWritten?: number
}

/** The native object of a session or a stream; `undefined` if that is destroyed. */
export function handleOf(owner: Http2Session | ServerHttp2Stream): NativeHandle | undefined {
  return member(owner, 'kHandle') as NativeHandle | undefined
}

/** The real connection. `session.socket` is a proxy that cannot be destroyed. `undefined` if the session is destroyed. */
export function socketOf(session: Http2Session): Socket | undefined {
  return member(session, 'socket') as Socket | undefined
}

/** Whether the server was created with `settings: { enableConnectProtocol: false }`. */
export function refusesExtendedConnect(server: object): boolean {
  const { settings } = (member(server, 'options') ?? {}) as { readonly settings?: Settings }
  return settings?.enableConnectProtocol === false
}

/** Whether the system knows that the connection is lost. A socket notices that only when it reads or writes. */
export function isDisconnected(socket: Socket | undefined): boolean {
  const { _handle: handle } = (socket ?? {}) as { readonly _handle?: { getpeername?(name: object): number } | null }
  return (handle?.getpeername?.({}) ?? 0) < 0
}

function member(owner: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(owner).find((own) => own.description === description)
  return symbol === undefined ? undefined : (owner as Readonly<Record<symbol, unknown>>)[symbol]
}
