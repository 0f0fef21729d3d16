/** The message types of SignalR's hub protocol that this sample supports. */
export const MessageType = { Invocation: 1, Completion: 3, Ping: 6, Close: 7 } as const

export type HubMessage = Readonly<Record<string, unknown>>

/** A call of a method. Without an `invocationId`, the caller does not wait for the result. */
export interface Invocation extends HubMessage {
  readonly invocationId?: string
  readonly target: string
  readonly arguments: readonly unknown[]
}

/** Every message ends with this character. */
const RECORD_SEPARATOR = '\u001e'

export function encodeHubMessage(message: HubMessage): string {
  return JSON.stringify(message) + RECORD_SEPARATOR
}

/** @throws SyntaxError if a record is not JSON. */
export function parseHubMessages(text: string): HubMessage[] {
  return text
    .split(RECORD_SEPARATOR)
    .filter((record) => record !== '')
    .map((record) => JSON.parse(record) as HubMessage)
}

export function isInvocation(message: HubMessage): message is Invocation {
  return message['type'] === MessageType.Invocation && typeof message['target'] === 'string' && Array.isArray(message['arguments'])
}
