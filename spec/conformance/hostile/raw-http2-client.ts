import { frameTypes, RawHttp2Client, resetCode } from '../../support/raw-http2.ts'
import { parseFrames } from '../../support/raw-frames.ts'
import { describeFrame } from './play-frames.ts'
import type { HostileServerPorts } from './server-settings.ts'
import { connectOver } from './transports.ts'

/** One or more header fields of a request. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** Connects a client that sends any frame. It requests status codes without a dynamic table. */
export async function connectRawHttp2(
  transport: 'h2c' | 'h2',
  ports: HostileServerPorts,
  settings: readonly (readonly [id: number, value: number])[] = [],
): Promise<{ readonly client: RawHttp2Client; readonly reset: () => void }> {
  const { socket, reset } = await connectOver(transport, ports)
  const client = new RawHttp2Client(socket)
  socket.once('end', () => socket.destroy())
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const payload = Buffer.concat(
    [[HEADER_TABLE_SIZE, 0] as const, ...settings].map(([id, value]) => {
      const setting = Buffer.alloc(6)
      setting.writeUInt16BE(id)
      setting.writeUInt32BE(value, 2)
      return setting
    }),
  )
  client.send(frameTypes.settings, 0, 0, payload)
  await client.frame(({ type, flags }) => type === frameTypes.settings && flags === 0)
  client.send(frameTypes.settings, 1, 0)
  return { client, reset }
}

/** The header fields of a WebSocket request. */
export function connectFields(path = '/ws', more: Fields = []): Fields {
  return [...pseudoFields(path), ['sec-websocket-version', '13'], ...more]
}

/** Its pseudo-header fields only. */
export function pseudoFields(path = '/ws'): Fields {
  return [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', 'https'],
    [':authority', 'localhost'],
    [':path', path],
  ]
}

/** The outcome of a request: its status, the code of a stream error or connection error, or the end of the connection. */
export async function outcomeOf(client: RawHttp2Client, streamId: number): Promise<string> {
  const isOutcome = (frame: (typeof client.frames)[number]): boolean =>
    frame.type === frameTypes.goaway ||
    (frame.streamId === streamId && (frame.type === frameTypes.headers || frame.type === frameTypes.reset))
  const frame = await client.frame(isOutcome).catch(() => undefined)
  if (frame === undefined) return 'closed'
  if (frame.type === frameTypes.headers) return `status ${statusOf(frame.payload)}`
  return frame.type === frameTypes.reset ? `reset ${resetCode(frame)}` : `goaway ${frame.payload.readUInt32BE(4)}`
}

/** Opens a WebSocket. Throws if it is refused. */
export async function openRaw(client: RawHttp2Client, streamId: number, fields = connectFields()): Promise<void> {
  client.sendHeaders(streamId, fields)
  const outcome = await outcomeOf(client, streamId)
  if (outcome !== 'status 200') throw new Error(`The WebSocket was refused: ${outcome}`)
}

/** All WebSocket frames of a stream until it ended. */
export async function framesOf(client: RawHttp2Client, streamId: number): Promise<readonly string[]> {
  return parseFrames(await client.dataOf(streamId)).frames.map(describeFrame)
}

/** Resolves when the server has processed all earlier data. Rejects if it has ended the connection. */
export async function roundTrip(client: RawHttp2Client): Promise<void> {
  client.send(PING, 0, 0, Buffer.from('roundtrp'))
  await client.frame(({ type, flags, payload }) => type === PING && flags === 1 && payload.toString() === 'roundtrp')
}

/** The frame type PING. */
export const PING = 6

/** Reads `:status`, the first field: from the static table, or as a literal with its name from there, with or without Huffman coding. */
function statusOf(block: Buffer): string {
  const [first = 0, length = 0] = block
  // A change of the table size.
  if ((first & 0xe0) === 0x20) return statusOf(block.subarray(1))
  if (first >= 0x80) return ['200', '204', '206', '304', '400', '404', '500'][first - 0x88] ?? `index ${first - 0x80}`
  const value = block.subarray(2, 2 + (length & 0x7f))
  return length < 0x80 ? value.toString() : decodeDigits(value)
}

/** RFC 7541, appendix B: the digits 0 to 2 have five bits, the others six. */
function decodeDigits(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  while (digits.length < 3 && bits.length >= 5) {
    const short = Number.parseInt(bits.slice(0, 5), 2)
    digits += short < 3 ? short : Number.parseInt(bits.slice(0, 6), 2) - 0x19 + 3
    bits = bits.slice(short < 3 ? 5 : 6)
  }
  return digits
}

const HEADER_TABLE_SIZE = 1
