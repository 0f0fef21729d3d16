import { isUtf8 } from 'node:buffer'
import { WebSocketCloseStatus } from '../values/web-socket-close-status.ts'

/** The content of a Close frame. */
export interface CloseFrame {
  readonly status: number
  readonly description: string
  /** Whether a received frame had no code. .NET reads it as 1000, but the answer also has no code. */
  readonly isEmpty?: true
}

/** A Close frame without a code, to be sent. */
export const EMPTY_CLOSE: CloseFrame = { status: WebSocketCloseStatus.Empty, description: '' }

/** The default answer to a Close frame: the same code and reason. */
export function answerTo(closeFrame: CloseFrame): CloseFrame {
  return closeFrame.isEmpty === true ? EMPTY_CLOSE : closeFrame
}

/** The longest reason that fits into a Close frame besides the code, in bytes of UTF-8. */
export const MAX_CLOSE_DESCRIPTION_LENGTH = 123

/** Whether a code may stand in a Close frame (RFC 6455, section 7.4, with the IANA registry's 1012 to 1014). */
export function isCloseStatusAllowed(status: number): boolean {
  if (!Number.isInteger(status)) return false
  if (status >= 3000) return status <= 4999
  return (status >= 1000 && status <= 1003) || (status >= 1007 && status <= 1014)
}

export function encodeCloseFrame({ status, description }: CloseFrame): Buffer {
  if (status === WebSocketCloseStatus.Empty) return NOTHING
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(description))
  payload.writeUInt16BE(status, 0)
  payload.write(description, 2)
  return payload
}

/** Reads a received Close payload; a returned string says why it is invalid. As in .NET, a missing code reads as 1000. */
export function decodeCloseFrame(payload: Buffer): CloseFrame | string {
  if (payload.length === 0) return { status: WebSocketCloseStatus.NormalClosure, description: '', isEmpty: true }
  if (payload.length === 1) return 'The peer sent a Close frame with a payload of one byte'
  const status = payload.readUInt16BE(0)
  if (!isCloseStatusAllowed(status)) return `The peer sent a Close frame with the invalid code ${status}`
  const description = payload.subarray(2)
  if (!isUtf8(description)) return 'The peer sent a Close frame whose reason is not valid UTF-8'
  return { status, description: description.toString('utf8') }
}

const NOTHING = Buffer.alloc(0)
