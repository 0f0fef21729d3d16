import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import tls from 'node:tls'
import { afterEach, describe, expect, it } from '@jest/globals'
import { nativeCounters } from '../../../lib/web-socket/transport/native-counters.ts'
import { connectTcp } from '../../support/connect-tcp.ts'
import { portOf } from '../../support/http2-peers.ts'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'
import { until } from '../../support/until.ts'

const open: Socket[] = []

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

/** More than the kernel accepts at once. */
const LENGTH = 9_000_000

describe.each([
  ['TCP', connectTcp],
  ['TLS', connectTls],
])('the counters of a native connection under %s', (name, connectPair) => {
  it('report how much of one long write the kernel has accepted, part by part', async () => {
    const [socket, peer] = await connectPair()
    open.push(socket, peer)
    const before = nativeCounters(socket)
    socket.write(Buffer.alloc(LENGTH))
    await until(() => (nativeCounters(socket)?.waiting ?? 0) > 0)
    const { written = 0, waiting = 0 } = nativeCounters(socket) ?? {}
    expect(written - (before?.written ?? 0)).toBeGreaterThanOrEqual(LENGTH)
    // TLS adds some bytes to each record.
    expect(written - (before?.written ?? 0)).toBeLessThan(LENGTH * 1.01)
    expect(socket.writableLength).toBe(LENGTH)
    const seen = new Set([waiting])
    peer.on('data', () => {
      peer.pause()
      setImmediate(() => peer.resume())
    })
    await until(() => {
      const now = nativeCounters(socket)?.waiting ?? -1
      seen.add(now)
      return now === 0
    })
    expect(seen.size).toBeGreaterThan(2)
  })

  it('report how many bytes have arrived', async () => {
    const [socket, peer] = await connectPair()
    open.push(socket, peer)
    const before = nativeCounters(socket)?.read ?? 0
    peer.write('hello')
    await once(socket, 'data')
    const read = (nativeCounters(socket)?.read ?? 0) - before
    expect(name === 'TCP' ? read === 5 : read >= 5).toBe(true)
  })

  it('do not exist after the connection has closed', async () => {
    const [socket, peer] = await connectPair()
    open.push(socket, peer)
    socket.destroy()
    expect(nativeCounters(socket)).toBeUndefined()
  })
})

describe('the counters of a native connection', () => {
  it('exist for a Unix socket', async () => {
    const server = createServer()
    const path = `/tmp/express-use-websockets-${process.pid}-${Date.now()}.sock`
    server.listen(process.platform === 'win32' ? `\\\\.\\pipe\\${path}` : path)
    await once(server, 'listening')
    const peer = connect(server.address() as string)
    const [socket] = (await once(server, 'connection')) as [Socket]
    open.push(socket, peer)
    server.close()
    expect(nativeCounters(socket)).toEqual({ read: 0, written: 0, waiting: 0 })
  })

  it('do not exist for other streams, or without a stream', () => {
    expect(nativeCounters(duplexPair()[0])).toBeUndefined()
    expect(nativeCounters(undefined)).toBeUndefined()
  })
})

async function connectTls(): Promise<[server: Socket, client: Socket]> {
  const server = tls.createServer(createSelfSignedCertificate())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'secureConnection') as Promise<[Socket]>
  const client = tls.connect({ port: portOf(server), host: '127.0.0.1', rejectUnauthorized: false })
  await once(client, 'secureConnect')
  const [socket] = await accepted
  server.close()
  return [socket, client]
}
