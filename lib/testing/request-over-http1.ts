import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { HandshakeAnswer } from './handshake-answer.ts'

/** Starts a server for the application and sends it a handshake over HTTP/1.1. */
export async function requestOverHttp1(app: RequestListener, path: string, headers: OutgoingHttpHeaders): Promise<HandshakeAnswer> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const handshake = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') }
  let sent: ClientRequest | undefined
  let stream: Socket | undefined
  const close = async (): Promise<void> => {
    sent?.destroy()
    stream?.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  try {
    sent = request({
      host: '127.0.0.1',
      port,
      path,
      headers: { ...handshake, 'Sec-WebSocket-Version': '13', ...headers },
      agent: false,
    })
    sent.end()
    const [response, socket] = await answerOf(sent)
    stream = socket
    const body = stream === undefined ? await text(response) : ''
    return { status: response.statusCode ?? 0, headers: response.headers, body, stream, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function answerOf(sent: ClientRequest): Promise<[response: IncomingMessage, stream: Socket | undefined]> {
  return new Promise((resolve, reject) => {
    sent.once('response', (response) => resolve([response, undefined]))
    sent.once('upgrade', (response, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve([response, socket])
    })
    sent.once('error', reject)
  })
}
