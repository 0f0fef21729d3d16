import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'

/** The answer of a server to a handshake. */
export interface HandshakeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body of a refusal. */
  readonly body: string
  /** The connection if the server accepted. Data after the answer is put back into it. */
  readonly stream: Duplex | undefined
  /** Ends the connection and the server. */
  close(): Promise<void>
}
