import { bad } from './relayed-message.ts'

/** What one process says about the members that a group has there. */
export interface PresenceMessage {
  /** How many there are; none: the group has gone from that process. */
  readonly count: number
  /** Who they are, as far as they have an identity, each once. */
  readonly identities: readonly string[]
  /** Whether the others are to say the same of theirs, at once. */
  readonly isAsking: boolean
}

/** As JSON, in a message between processes. */
export function encodePresence({ count, identities, isAsking }: PresenceMessage): Buffer {
  return Buffer.from(JSON.stringify([count, isAsking, identities]))
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_BACKPLANE_MESSAGE` for what cannot be understood. */
export function decodePresence(channel: string, payload: Uint8Array): PresenceMessage {
  const value = parse(payload)
  const [count, isAsking, identities]: readonly unknown[] = Array.isArray(value) ? value : []
  if (!isCount(count) || typeof isAsking !== 'boolean' || !isStrings(identities)) throw bad(channel, 'says nothing of who is present')
  return { count, isAsking, identities }
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
