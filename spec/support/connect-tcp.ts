import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

/** Both ends of a real TCP connection on 127.0.0.1. */
export async function connectTcp(): Promise<[server: Socket, client: Socket]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  const accepted = once(server, 'connection')
  const client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const [socket]: Socket[] = await accepted
  if (socket === undefined) throw new Error('No connection arrived')
  await (client.connecting ? once(client, 'connect') : undefined)
  server.close()
  return [socket, client]
}
