import { isUtf8 } from 'node:buffer'
import { WebSocketException } from '../errors/web-socket-exception.ts'

/** The kinds of messages between processes. */
export const RelayedKind = { Text: 1, Binary: 2, Presence: 3 } as const

/** One of the numbers of `RelayedKind`. */
export type RelayedKind = (typeof RelayedKind)[keyof typeof RelayedKind]

/** A message from one process to the others. */
export interface RelayedMessage {
  readonly kind: RelayedKind
  /** The sender: random bytes, as Latin-1. */
  readonly origin: string
  readonly payload: Uint8Array
}

/** The length of the header in front of a payload: `EW`, the version of this format, the kind, and the origin. */
export const HEADER_LENGTH = 16

/** The length of an origin, in bytes. */
export const ORIGIN_LENGTH = 12

/** Prepends the header to a payload. */
export function encodeRelayedMessage({ kind, origin, payload }: RelayedMessage): Buffer {
  const bytes = Buffer.allocUnsafeSlow(HEADER_LENGTH + payload.length)
  bytes.set(MAGIC)
  bytes[2] = VERSION
  bytes[3] = kind
  bytes.write(origin, 4, 'latin1')
  bytes.set(payload, HEADER_LENGTH)
  return bytes
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_BACKPLANE_MESSAGE` if the message is not valid. */
export function decodeRelayedMessage(channel: string, message: Uint8Array, maxMessageSize: number): RelayedMessage {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length)
  if (bytes.length < HEADER_LENGTH || bytes[0] !== MAGIC[0] || bytes[1] !== MAGIC[1])
    throw invalidMessageError(channel, 'was not sent by this package')
  if (bytes[2] !== VERSION)
    throw invalidMessageError(channel, `has format version ${bytes[2]}, but this process supports version ${VERSION}`)
  const payload = bytes.subarray(HEADER_LENGTH)
  if (payload.length > maxMessageSize)
    throw invalidMessageError(channel, `has ${payload.length} bytes, more than maxMessageSize (${maxMessageSize})`)
  const kind = bytes[3]
  if (kind !== RelayedKind.Text && kind !== RelayedKind.Binary && kind !== RelayedKind.Presence)
    throw invalidMessageError(channel, `has the unknown kind ${kind}`)
  // A client must fail the connection if it gets such text (RFC 6455, section 8.1).
  if (kind === RelayedKind.Text && !isUtf8(payload)) throw invalidMessageError(channel, 'is text that is not valid UTF-8')
  return { kind, origin: bytes.toString('latin1', 4, HEADER_LENGTH), payload }
}

/** The error of a message that was ignored. */
export function invalidMessageError(channel: string, what: string): WebSocketException {
  return new WebSocketException('ERR_WEBSOCKET_BACKPLANE_MESSAGE', `A message of the backplane for '${channel.slice(0, 100)}' ${what}`)
}

const MAGIC = Buffer.from('EW')
const VERSION = 1
