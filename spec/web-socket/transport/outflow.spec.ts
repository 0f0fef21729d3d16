import { duplexPair } from 'node:stream'
import { expect, it } from '@jest/globals'
import { outflowOf } from '../../../lib/web-socket/transport/outflow.ts'
import { connectTcp } from '../../support/connect-tcp.ts'
import { until } from '../../support/until.ts'

it('comes from the transport, or from the native connection, or else from the bytes queued in the stream', async () => {
  const [duplex, peer] = duplexPair()
  const transport = { duplex, abort: () => undefined, end: () => undefined }
  duplex.write('hello')
  expect(outflowOf(transport)).toEqual({ isWaiting: true, left: -5 })
  peer.resume()
  await until(() => duplex.writableLength === 0)
  expect(outflowOf(transport)).toEqual({ isWaiting: false, left: -0 })
  expect(outflowOf({ ...transport, outflow: () => ({ isWaiting: true, left: 7 }) })).toEqual({ isWaiting: true, left: 7 })

  const [socket, other] = await connectTcp()
  socket.write('hello')
  expect(outflowOf({ ...transport, duplex: socket })).toEqual({ isWaiting: false, left: 5 })
  socket.destroy()
  other.destroy()
})
