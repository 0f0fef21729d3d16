import type { WebSocketData } from '../web-socket/arguments.ts'
import { PreparedMessage, prepareMessage } from '../web-socket/prepared-message.ts'
import type { WebSocketMessageType } from '../web-socket/values/web-socket-message-type.ts'

/** Frames a message, unless that was done. */
export function toPreparedMessage(data: WebSocketData | PreparedMessage, messageType: WebSocketMessageType | undefined): PreparedMessage {
  return data instanceof PreparedMessage ? data : prepareMessage(data, messageType)
}
