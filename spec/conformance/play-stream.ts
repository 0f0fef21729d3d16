import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import {
  createReadableMessageStream,
  createWebSocketStream,
  createWritableMessageStream,
  WebSocketMessageType,
  WebSocketState,
} from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { UnreadableStreamError } from './describe-error.ts'
import { toData } from './operation-data.ts'
import type { OperationArgument } from './scenario.ts'

/** Plays an operation on a stream over the socket, like `WebSocketStream` in .NET. */
export async function playStream(socket: ManagedWebSocket, [kind, ...parts]: readonly OperationArgument[]): Promise<unknown> {
  if (kind === 'read') return readMessage(socket)
  if (kind === 'write') return writeMessage(socket, parts)
  if (kind === 'echoOwned') return echoAndClose(socket)
  throw new TypeError(`There is no stream operation '${String(kind)}'`)
}

async function readMessage(socket: ManagedWebSocket): Promise<string> {
  const canReceive = socket.state === WebSocketState.Open || socket.state === WebSocketState.CloseSent
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadableMessageStream(socket)) chunks.push(Buffer.from(chunk))
  } catch (error) {
    throw canReceive ? error : new UnreadableStreamError(error)
  }
  return Buffer.concat(chunks).toString('hex')
}

async function writeMessage(socket: ManagedWebSocket, parts: readonly OperationArgument[]): Promise<void> {
  const stream = createWritableMessageStream(socket, WebSocketMessageType.Text).on('error', toldByCallback)
  for (const part of parts) await written((done) => stream.write(toData(part), done))
  await written((done) => stream.end(done))
}

/** Echoes the result of the first read, and lets the stream close the socket. */
async function echoAndClose(socket: ManagedWebSocket): Promise<number> {
  const stream = createWebSocketStream(socket, { closeTimeout: 2000 }).on('error', toldByCallback)
  const data = await readOnce(stream, 1024)
  await written((done) => stream.write(data, done))
  await new Promise((resolve) => stream.once('close', resolve).destroy())
  return data.length
}

/** Reads up to `size` available bytes; nothing at the end of the stream. */
async function readOnce(stream: Duplex, size: number): Promise<Buffer> {
  await once(stream, 'readable')
  const chunk: Buffer | null = stream.read()
  if (chunk === null) return Buffer.alloc(0)
  if (chunk.length > size) stream.unshift(chunk.subarray(size))
  return chunk.subarray(0, size)
}

async function written(write: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => write((error) => (error instanceof Error ? reject(error) : resolve())))
}

function toldByCallback(): void {}
