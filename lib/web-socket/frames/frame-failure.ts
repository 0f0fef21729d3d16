import { connectionError } from '../../errors/connection-error.ts'
import type { WebSocketException } from '../../errors/web-socket-exception.ts'
import { WebSocketCloseStatus } from '../values/web-socket-close-status.ts'

/** Why reading cannot continue, and the close code for the peer. */
export interface FrameFailure {
  readonly closeStatus: number
  readonly error: WebSocketException
  /** Whether the invalid frame is the peer's Close frame. */
  readonly isCloseReceived: boolean
}

/**
 * The failure of a message that is longer than the limit (RFC 6455, section 7.4.1, code 1009).
 * @param maxMessageSize - the limit of the application, which may be above that of Node.js.
 */
export function messageTooBig(limit: number, maxMessageSize: number = limit): FrameFailure {
  const remedy =
    limit < maxMessageSize
      ? ', which is longer than Node.js allows. Receive it in parts with receiveAsync()'
      : '. Raise maxMessageSize, or receive it in parts with receiveAsync()'
  const message = `The peer sent a message of more than ${limit} bytes${remedy}`
  const error = connectionError('ERR_WEBSOCKET_MESSAGE_TOO_BIG', message)
  return { closeStatus: WebSocketCloseStatus.MessageTooBig, error, isCloseReceived: false }
}

/** The failure of an invalid payload: text that is not UTF-8, or data that does not inflate (code 1007). */
export function invalidPayload(message: string, cause?: unknown): FrameFailure {
  const error = connectionError('ERR_WEBSOCKET_INVALID_PAYLOAD', message, cause)
  return { closeStatus: WebSocketCloseStatus.InvalidPayloadData, error, isCloseReceived: false }
}

/** The failure of a frame that RFC 6455 forbids (code 1002). */
export function protocolViolation(message: string, isCloseReceived: boolean): FrameFailure {
  const error = connectionError('ERR_WEBSOCKET_PROTOCOL_ERROR', message)
  return { closeStatus: WebSocketCloseStatus.ProtocolError, error, isCloseReceived }
}
