import { afterEach, describe, expect, it } from '@jest/globals'
import { Duplex } from 'node:stream'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { parseFrames, rawFrame } from '../../support/raw-frames.ts'
import { until } from '../../support/until.ts'

const open: Duplex[] = []

afterEach(() => {
  for (const stream of open.splice(0)) stream.destroy()
})

/** A peer that sends a ping in response, before the write returns. */
function openWithHastyPeer(): { readonly webSocket: ManagedWebSocket; readonly sent: Buffer[] } {
  const sent: Buffer[] = []
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, callback) {
      sent.push(chunk)
      callback()
      if (sent.length <= 10) this.emit('data', rawFrame(Opcode.Ping, String(sent.length)))
    },
    highWaterMark: 10_000_000,
  })
  open.push(stream)
  return { webSocket: ManagedWebSocket.createFromStream(stream, { isServer: true }), sent }
}

describe('the slab that all sockets write from', () => {
  it('keeps frames apart from pongs written meanwhile, and from frames of other sockets', async () => {
    const both = [openWithHastyPeer(), openWithHastyPeer()]
    // The pending receive makes each socket read the pings and answer them.
    for (const { webSocket } of both)
      webSocket[Symbol.asyncIterator]()
        .next()
        .catch(() => undefined)
    const texts = Array.from({ length: 60 }, (_unused, index) => `${index} ${String.fromCharCode(97 + (index % 26)).repeat(9000)}`)
    await new Promise((resolve) => setImmediate(resolve))
    for (const text of texts) for (const { webSocket } of both) void webSocket.sendAsync(text)

    for (const { sent } of both) {
      const payloads = (wanted: number): string[] =>
        parseFrames(Buffer.concat(sent))
          .frames.filter(({ opcode }) => opcode === wanted)
          .map(({ payload }) => payload.toString())
      await until(() => sent.length > 1 && payloads(Opcode.Text).length === texts.length)
      await new Promise((resolve) => setImmediate(resolve))
      expect(payloads(Opcode.Text)).toEqual(texts)
      expect(payloads(Opcode.Pong)).toEqual(Array.from({ length: Math.min(sent.length, 10) }, (_unused, index) => String(index + 1)))
    }
  })
})
