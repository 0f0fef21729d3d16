import { inspect } from 'node:util'
import { EMPTY_CLOSE, isCloseStatusAllowed, MAX_CLOSE_DESCRIPTION_LENGTH } from './frames/close-frame.ts'
import type { CloseFrame } from './frames/close-frame.ts'
import { WebSocketCloseStatus } from './values/web-socket-close-status.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import { WebSocketMessageFlags } from './values/web-socket-message-flags.ts'
import { WebSocketMessageType } from './values/web-socket-message-type.ts'

/** The data that can be sent: a string is sent as text, bytes in any form are sent as binary, or as text if the message type says so. */
export type WebSocketData = string | ArrayBuffer | SharedArrayBuffer | NodeJS.ArrayBufferView

/** The error of an invalid argument: .NET's `ArgumentException` with its `paramName`. */
export function invalidArgument(argument: string, remedy: string, value: unknown): WebSocketException {
  const message = `The argument '${argument}' ${remedy}. Received ${inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 64 })}`
  return new WebSocketException('ERR_WEBSOCKET_INVALID_ARGUMENT', message, { argument })
}

/** Checks the socket of a stream. A test double with the same members is accepted. */
export function checkWebSocket(webSocket: unknown): void {
  if (typeof webSocket !== 'object' || webSocket === null || !('receiveAsync' in webSocket) || !('sendAsync' in webSocket)) {
    throw invalidArgument('webSocket', 'must be a ManagedWebSocket', webSocket)
  }
}

/** Checks the signal of a call. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument('signal', 'must be an AbortSignal', signal)
}

/** Checks the type of a message to send. */
export function checkMessageType(messageType: unknown): asserts messageType is 0 | 1 {
  if (messageType === WebSocketMessageType.Text || messageType === WebSocketMessageType.Binary) return
  const remedy =
    'must be WebSocketMessageType.Text or WebSocketMessageType.Binary; to close the WebSocket, use closeOutputAsync() or closeAsync()'
  throw invalidArgument('messageType', remedy, messageType)
}

/** Turns `endOfMessage`, a boolean or flags, into flags. */
export function toMessageFlags(endOfMessageOrFlags: unknown): WebSocketMessageFlags {
  if (endOfMessageOrFlags === true) return WebSocketMessageFlags.EndOfMessage
  if (endOfMessageOrFlags === false) return WebSocketMessageFlags.None
  if (endOfMessageOrFlags === 0 || endOfMessageOrFlags === 1 || endOfMessageOrFlags === 2 || endOfMessageOrFlags === 3)
    return endOfMessageOrFlags
  throw invalidArgument('messageFlags', 'must be a boolean (endOfMessage) or WebSocketMessageFlags, 0 to 3', endOfMessageOrFlags)
}

/** Converts data into the form that a frame writer writes. Bytes are not copied. */
export function toPayload(data: unknown): string | Uint8Array {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data)
  throw invalidArgument('data', 'must be a string, a Buffer, an ArrayBuffer or a view of one, or a prepared message', data)
}

/** Checks a buffer to receive into, and returns it as bytes. */
export function toReceiveBuffer(buffer: unknown): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  if (buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer) return new Uint8Array(buffer)
  throw invalidArgument('buffer', 'must be a Buffer, an ArrayBuffer or a view of one', buffer)
}

/**
 * Checks the code and the reason of a Close frame, and creates it.
 * @param descriptionName - the caller's name for the reason, for error messages.
 */
export function toCloseFrame(closeStatus: unknown, statusDescription: unknown, descriptionName = 'statusDescription'): CloseFrame {
  if (closeStatus !== undefined && typeof closeStatus !== 'number') throw invalidArgument('closeStatus', 'must be a number', closeStatus)
  if (statusDescription !== null && statusDescription !== undefined && typeof statusDescription !== 'string') {
    throw invalidArgument(descriptionName, 'must be a string, null or undefined', statusDescription)
  }
  const description = statusDescription ?? ''
  if (closeStatus === undefined) {
    if (description === '') return EMPTY_CLOSE
    throw invalidArgument(descriptionName, 'must be empty when there is no close status', description)
  }
  if (closeStatus === WebSocketCloseStatus.Empty && description !== '') {
    throw invalidArgument(descriptionName, 'must be empty when the close status is 1005', description)
  }
  if (!isCloseStatusAllowed(closeStatus)) {
    throw invalidArgument(
      'closeStatus',
      'must be 1000 to 1003, 1007 to 1014 or 3000 to 4999: peers must refuse every other code',
      closeStatus,
    )
  }
  if (Buffer.byteLength(description) > MAX_CLOSE_DESCRIPTION_LENGTH) {
    throw invalidArgument(descriptionName, `must not be longer than ${MAX_CLOSE_DESCRIPTION_LENGTH} bytes of UTF-8`, description)
  }
  return { status: closeStatus, description }
}
