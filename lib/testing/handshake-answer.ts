import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'

/** What a server answered to a handshake. */
export interface HandshakeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body of a refusal. */
  readonly body: string
  /** The connection, if the server accepted, with what came behind the answer put back. */
  readonly stream: Duplex | undefined
  /** Ends the connection and the server. */
  close(): Promise<void>
}
