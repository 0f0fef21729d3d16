import { describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Duplex, Readable, Writable } from 'node:stream'
import { PassThrough, Transform } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { createReadableMessageStream } from '../../../lib/web-socket/streams/readable-message-stream.ts'
import { createWebSocketStream } from '../../../lib/web-socket/streams/web-socket-stream.ts'
import { createWritableMessageStream } from '../../../lib/web-socket/streams/writable-message-stream.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import { runScript } from '../../support/run-script.ts'
import { openOverTcp } from '../../support/web-socket-pairs.ts'

const owned = { ownsWebSocket: true }

/** The texts and the codes of Close frames that arrive until the connection ends. */
async function readToEnd(peer: RawPeer): Promise<(string | number)[]> {
  peer.duplex.on('end', () => peer.end())
  const frames = await peer.remainingFrames()
  return frames.map(({ opcode, payload }) => (opcode === Opcode.Close ? payload.readUInt16BE() : payload.toString()))
}

/** A socket whose peer has sent a message and a Close frame. */
async function openToRead(): Promise<{ webSocket: ManagedWebSocket; peer: RawPeer }> {
  const opened = await openOverTcp({ closeAnswerTimeout: Infinity })
  await opened.peer.send(rawFrame(Opcode.Text, 'message'), rawFrame(Opcode.Close, closePayload(4000)))
  return opened
}

describe('a stream that owns its socket', () => {
  it.each<[string, (stream: Duplex) => unknown]>([
    ['a pipeline', (stream) => pipeline(stream, new PassThrough().resume())],
    ['pipe()', (stream) => stream.pipe(new PassThrough().resume())],
    ['resume()', (stream) => stream.resume()],
    ["'data'", (stream) => stream.on('data', () => undefined)],
    [
      'a loop',
      async (stream) => {
        for await (const chunk of stream) expect(chunk).toEqual(Buffer.from('message'))
      },
    ],
  ])('answers the Close frame and ends the connection after it was read to its end, with %s', async (_, read) => {
    const { webSocket, peer } = await openToRead()
    const stream = createWebSocketStream(webSocket, owned)
    await read(stream)

    expect(await readToEnd(peer)).toEqual([1000])
    expect(await webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: true })
    await closed(stream)
  })

  it.each<[string, (stream: Duplex) => unknown, string[]]>([
    ['a pipeline', (stream) => pipeline(stream, slow(), stream), ['message']],
    ['a pipe', (stream) => stream.pipe(slow()).pipe(stream), ['message']],
    [
      'a pipeline of a generator that yields its answer late',
      (stream) =>
        pipeline(
          stream,
          new PassThrough(),
          async function* count(source: AsyncIterable<Buffer>) {
            let length = 0
            for await (const chunk of source) length += chunk.length
            await setTimeout(20)
            yield String(length)
          },
          stream,
        ),
      ['7'],
    ],
    [
      'a caller that writes in the turn in which the stream ends',
      (stream) =>
        void stream.resume().once('end', () => {
          stream.write('one')
          setImmediate(() => stream.end('two'))
        }),
      ['one', 'two'],
    ],
  ])('first sends the data written to it by %s', async (_, write, written) => {
    const { webSocket, peer } = await openToRead()
    void write(createWebSocketStream(webSocket, owned))

    expect(await readToEnd(peer)).toEqual([...written, 1000])
    expect(await webSocket.completion).toMatchObject({ wasClean: true })
  })
})

describe('a stream whose peer vanishes', () => {
  it.each<[string, (webSocket: ManagedWebSocket) => Duplex]>([
    ['createWebSocketStream', (webSocket) => createWebSocketStream(webSocket)],
    ['createWebSocketStream, owning', (webSocket) => createWebSocketStream(webSocket, owned)],
  ])('emits an error if it has a listener: %s', async (_, create) => {
    const { webSocket, peer } = await openOverTcp()
    const stream = create(webSocket).resume()
    const end = finished(stream)
    peer.end()

    await expect(end).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
  })

  it('only closes, without ending the process, if it has no error listener', async () => {
    expect(await runScript('spec/web-socket/scripts/unwatched-streams.ts')).toEqual({ exitCode: 0, stdout: 'alive', stderr: '' })
  })

  it('sets its error property nevertheless', async () => {
    const { webSocket, peer } = await openOverTcp()
    const streams = [createReadableMessageStream(webSocket).resume(), createWebSocketStream(webSocket).resume()]
    peer.end()
    await Promise.all(streams.map(closed))

    expect(streams.map(({ errored, readableEnded }) => [(errored as { code?: string } | null)?.code, readableEnded])).toEqual([
      ['ERR_WEBSOCKET_CLOSED_PREMATURELY', false],
      ['ABORT_ERR', false],
    ])
  })
})

describe('a stream that is used incorrectly', () => {
  it('reports the mistake even if its peer has vanished', async () => {
    const { webSocket } = await openOverTcp()
    const writing: Writable = createWritableMessageStream(webSocket)
    webSocket.abort()
    writing.write('late')
    const [error] = (await once(writing, 'error')) as [Error]

    expect(error).toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })
})

/** Does not add a listener of `'error'`, as `once()` would. */
function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve()
    else stream.on('close', resolve)
  })
}

function slow(): Transform {
  return new Transform({
    transform(chunk, _encoding, callback) {
      globalThis.setTimeout(callback, 20, null, chunk)
    },
  })
}
