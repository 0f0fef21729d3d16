import { invalidMessageError } from './relayed-message.ts'

/** The announcement of one process about the members of a group in it. */
export interface PresenceMessage {
  /** The number of members; 0 means that the process no longer has the group. */
  readonly count: number
  /** The identities of the members that have one, each once. */
  readonly identities: readonly string[]
  /** Whether the other processes must answer with their members. */
  readonly isReplyRequested: boolean
}

/** Encodes the announcement as JSON, for a message between processes. */
export function encodePresence({ count, identities, isReplyRequested }: PresenceMessage): Buffer {
  return Buffer.from(JSON.stringify([count, isReplyRequested, identities]))
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_BACKPLANE_MESSAGE` if the message is not valid. */
export function decodePresence(channel: string, payload: Uint8Array): PresenceMessage {
  const value = parse(payload)
  const [count, isReplyRequested, identities]: readonly unknown[] = Array.isArray(value) ? value : []
  if (!isCount(count) || typeof isReplyRequested !== 'boolean' || !isStrings(identities))
    throw invalidMessageError(channel, 'is not a valid announcement of presence')
  return { count, isReplyRequested, identities }
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString())
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
