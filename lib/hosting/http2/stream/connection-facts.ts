import type { Http2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'

/** The constant facts of one HTTP/2 connection. They outlive it, because access logs read addresses after its end. */
export interface ConnectionFacts {
  readonly encrypted: boolean
  readonly alpnProtocol: string | undefined
  readonly authorized: boolean
  readonly authorizationError: Error | undefined
  readonly servername: string | false | undefined
  readonly localAddress: string | undefined
  readonly localFamily: string | undefined
  readonly localPort: number | undefined
  readonly remoteAddress: string | undefined
  readonly remoteFamily: string | undefined
  readonly remotePort: number | undefined
}

/** The facts of the session's connection, read from its socket once. */
export function connectionFactsOf(session: Http2Session | undefined): ConnectionFacts {
  if (session === undefined || session.destroyed) return NOTHING_KNOWN
  const known = factsOfSessions.get(session)
  if (known !== undefined) return known
  const facts = readFacts(session)
  factsOfSessions.set(session, facts)
  return facts
}

const factsOfSessions = new WeakMap<Http2Session, ConnectionFacts>()

const NOTHING_KNOWN: ConnectionFacts = {
  encrypted: false,
  alpnProtocol: undefined,
  authorized: false,
  authorizationError: undefined,
  servername: undefined,
  localAddress: undefined,
  localFamily: undefined,
  localPort: undefined,
  remoteAddress: undefined,
  remoteFamily: undefined,
  remotePort: undefined,
}

function readFacts(session: Http2Session): ConnectionFacts {
  // Over plain TCP, the members of a TLS socket are undefined.
  const socket = session.socket as Partial<TLSSocket> & { readonly servername?: string | false }
  return {
    encrypted: session.encrypted === true,
    alpnProtocol: session.alpnProtocol,
    authorized: socket.authorized ?? false,
    authorizationError: socket.authorizationError,
    servername: socket.servername,
    localAddress: socket.localAddress,
    localFamily: socket.localFamily,
    localPort: socket.localPort,
    remoteAddress: socket.remoteAddress,
    remoteFamily: socket.remoteFamily,
    remotePort: socket.remotePort,
  }
}
