import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { closeConnections } from '../conformance/hostile/transports.ts'
import { HonestPeer } from './memory-bounds/honest-peer.ts'
import { measureKept } from './memory-bounds/measure-kept.ts'
import { MeasuredServer } from './memory-bounds/measured-server.ts'
import { rows } from './memory-bounds/rows.ts'
import { connectSilentPeers, sendToAll } from './memory-bounds/silent-peer.ts'
import { rawFrame } from '../support/raw-frames.ts'

const KIBIBYTE = 1024
let server: MeasuredServer

beforeAll(async () => {
  server = await MeasuredServer.start()
})

afterEach(closeConnections)

afterAll(() => server.kill())

describe('the memory for a peer that has sent N bytes is at most 4 N + 64 KiB', () => {
  it.each(rows)('over $transport, $stage: $traffic.what', async (row) => {
    const measured = await measureKept(server, row)
    expect(measured.sent).toBeGreaterThan(0)
    expect(measured.kept).toBeLessThanOrEqual(boundFor(measured.sent))
  })

  it.each(['https', 'https, attached'] as const)(
    'over %s, before the accept: 64 KiB in TLS records of one byte, where only the payload counts',
    async (transport) => {
      const traffic = { what: 'bytes', parts: Array.from({ length: 64 * KIBIBYTE }, () => Buffer.of(0)), isCompressed: false }
      const measured = await measureKept(server, { transport, stage: 'before the accept', path: '/waiting', traffic }, 2)
      expect(measured.sent).toBeGreaterThan(64 * KIBIBYTE)
      expect(measured.kept).toBeLessThanOrEqual(boundFor(64 * KIBIBYTE))
    },
    60_000,
  )
})

describe('a header of 14 bytes that announces 1 MiB, and one byte of payload', () => {
  it.each(['http', 'https', 'h2c', 'h2'] as const)(
    'uses less than 64 KiB of payload memory for each of 200 peers over %s',
    async (transport) => {
      const parts = [rawFrame(2, 'x', { announcedLength: 2n ** 20n })]
      const traffic = { what: 'the beginning of a message', parts, isCompressed: false }
      const measured = await measureKept(server, { transport, stage: 'receiving', path: '/receiving', traffic }, 200)
      expect(measured.arrayBuffers).toBeLessThan(64 * KIBIBYTE)
    },
  )
})

describe('1,000 pings of a peer that does not read, with ordinary traffic of another peer', () => {
  it.each([
    ['h2c', '/silent'],
    ['h2', '/silent'],
    ['http', '/full'],
    ['https', '/full'],
  ] as const)(
    'use at most 4 N + 64 KiB over %s',
    async (transport, path) => {
      const ping = rawFrame(9, 'a ping')
      const count = 10
      await server.beginRow()
      const peers = await connectSilentPeers(server, transport, { path, isCompressed: false }, count)
      const honest = await HonestPeer.connect(server)
      await honest.askAndRead()
      const before = await server.memory()
      for (let sent = 0; sent < 1000; sent++) {
        await sendToAll(peers, [ping])
        await honest.askAndRead()
      }
      const after = await server.memory()
      expect((after.total - before.total) / count).toBeLessThanOrEqual(boundFor(1000 * ping.length))
    },
    120_000,
  )
})

function boundFor(sent: number): number {
  return 4 * sent + 64 * KIBIBYTE
}
