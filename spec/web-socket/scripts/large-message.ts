/**
 * Receives one message of a gibibyte through a buffer of 64 KiB, from another process. Prints the received data and the growth of the memory.
 * Argument: `frame` for one frame, `fragments` for many frames of 110,000 bytes, `stopped` for one frame that is not read for a while.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { rawFrame } from '../../support/raw-frames.ts'

const LENGTH = 2 ** 30
const BUFFER_LENGTH = 65_536
/** The pattern of the payload. Unlike the key, its length is no power of two. */
const PATTERN = 'a gibibyte '
const FRAGMENT_LENGTH = 10_000 * PATTERN.length

async function receive(kind: string): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address === null || typeof address === 'string' ? 0 : address.port
  const peer = fork(__filename, [kind, String(port)])
  const [socket] = (await once(server, 'connection')) as [Socket]
  const webSocket = ManagedWebSocket.createFromStream(socket, { isServer: true })
  const buffer = Buffer.alloc(BUFFER_LENGTH)
  const expected = Buffer.alloc(BUFFER_LENGTH + PATTERN.length, PATTERN)
  let length = 0
  let wrongParts = 0
  let memoryBefore = 0
  let memoryMost = 0
  let bytesAhead = 0
  if (kind === 'stopped') {
    while (!socket.isPaused()) await setTimeout(10)
    await setTimeout(500)
    bytesAhead = socket.bytesRead
  }
  for (let isEnd = false; !isEnd;) {
    const { count, endOfMessage } = await webSocket.receiveAsync(buffer)
    const offset = length % PATTERN.length
    if (buffer.compare(expected, offset, offset + count, 0, count) !== 0) wrongParts++
    length += count
    isEnd = endOfMessage
    // After the compiler has optimised the hot code.
    if (memoryBefore === 0 && length > LENGTH / 8) memoryBefore = process.memoryUsage.rss()
    if (memoryBefore > 0) memoryMost = Math.max(memoryMost, process.memoryUsage.rss())
  }
  process.stdout.write(JSON.stringify({ length, wrongParts, bytesAhead, grownMebibytes: (memoryMost - memoryBefore) / 2 ** 20 }))
  webSocket.abort()
  server.close()
  peer.kill()
}

function send(kind: string, port: number): void {
  const socket = connect(port, '127.0.0.1')
  const frames = kind === 'fragments' ? fragments() : oneFrame()
  const write = (): void => {
    // A for...of loop would end the generator when it is left.
    for (let next = frames.next(); next.done !== true; next = frames.next()) if (!socket.write(next.value)) return
  }
  socket.on('drain', write)
  write()
}

function* oneFrame(): Generator<Buffer> {
  // A key of zeros would not show whether the payload is unmasked at the right position.
  const key = Buffer.of(1, 2, 3, 4)
  yield rawFrame(Opcode.Binary, '', { announcedLength: BigInt(LENGTH), mask: key })
  // A multiple of the lengths of the pattern and of the key.
  const part = Buffer.alloc(4 * PATTERN.length * 2048, PATTERN).map((byte, index) => byte ^ (key[index % 4] ?? 0))
  for (let rest = LENGTH; rest > 0; rest -= part.length) yield Buffer.from(part.subarray(0, rest))
}

function* fragments(): Generator<Buffer> {
  const payload = Buffer.alloc(FRAGMENT_LENGTH, PATTERN)
  const fragment = rawFrame(Opcode.Continuation, payload, { isFinal: false })
  yield rawFrame(Opcode.Binary, payload, { isFinal: false })
  let rest = LENGTH - FRAGMENT_LENGTH
  for (; rest > FRAGMENT_LENGTH; rest -= FRAGMENT_LENGTH) yield fragment
  yield rawFrame(Opcode.Continuation, payload.subarray(0, rest))
}

const [kind = '', port] = process.argv.slice(2)
if (port === undefined) void receive(kind)
else send(kind, Number(port))
