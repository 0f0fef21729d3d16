import { once } from 'node:events'
import type { OutgoingHttpHeaders, RequestListener } from 'node:http'
import { connect } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer } from '../hosting/http2/create-server.ts'
import type { HandshakeAnswer } from './handshake-answer.ts'

/** Starts a server for the application and sends it a handshake over HTTP/2 (RFC 8441). */
export async function requestOverHttp2(app: RequestListener, path: string, headers: OutgoingHttpHeaders): Promise<HandshakeAnswer> {
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    await once(session, 'remoteSettings')
    const stream = session.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13', ...lowerCase(headers) },
      { endStream: false },
    )
    const response = await answerOf(stream)
    const status = Number(response[':status'])
    const isAccepted = status === 200
    return {
      status,
      headers: response,
      body: isAccepted ? '' : await text(stream),
      stream: isAccepted ? stream : undefined,
      close: async () => close(session, server),
    }
  } catch (error) {
    await close(session, server)
    throw error
  }
}

async function answerOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
    // A stream also closes without an error, e.g. if the application ends the session.
    stream.once('close', () => reject(new Error('The connection ended without an answer')))
  })
}

function lowerCase(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

async function close(session: ClientHttp2Session, server: ReturnType<typeof createServer>): Promise<void> {
  // Waits one turn: Node 20 loops endlessly if a session is destroyed in the turn in which a stream was closed.
  await new Promise(setImmediate)
  const closed = once(server, 'close')
  session.destroy()
  server.close()
  await closed
}
