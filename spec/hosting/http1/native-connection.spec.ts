import { describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { isNativeConnection } from '../../../lib/hosting/http1/native-connection.ts'
import { connectTcp } from '../../support/connect-tcp.ts'

/** Contract of Node. If one of the first two fails, adapt `lib/hosting/http1/native-connection.ts` to the new Node. */
describe('isNativeConnection', () => {
  it('is true for a TCP connection', async () => {
    const [socket, peer] = await connectTcp()
    expect(isNativeConnection(socket)).toBe(true)
    expect(isNativeConnection(peer)).toBe(true)
    socket.destroy()
    peer.destroy()
    expect(isNativeConnection(socket)).toBe(false)
  })

  it('is true for a Unix socket', async () => {
    const path = join(tmpdir(), `native-connection-${process.pid}.sock`)
    const server = createServer().listen(path)
    const accepted = once(server, 'connection')
    const client = connect(path)
    const [socket] = (await accepted) as [Socket]
    expect(isNativeConnection(socket)).toBe(true)
    client.destroy()
    socket.destroy()
    server.close()
  })

  it.each<[string, (socket: Socket) => Duplex]>([
    ['TLS', (socket) => new TLSSocket(socket)],
    ['a Duplex', (socket) => new Duplex({ read: () => undefined, write: (chunk, _encoding, done) => socket.write(chunk as Buffer, done) })],
    ['a connection whose write() was replaced', (socket) => Object.assign(socket, { write: () => true })],
    ['a connection whose _write() was replaced', (socket) => Object.assign(socket, { _write: () => undefined })],
    ['an object that inherits from a connection', (socket) => Object.create(socket) as Duplex],
  ])('is false for %s', async (_name, wrap) => {
    const [socket, peer] = await connectTcp()
    expect(isNativeConnection(wrap(socket))).toBe(false)
    socket.destroy()
    peer.destroy()
  })
})
