import { answerTo, EMPTY_CLOSE } from './frames/close-frame.ts'
import type { CloseFrame } from './frames/close-frame.ts'
import type { WebSocketCompletion } from './values/web-socket-completion.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'

/** The state of the closing handshake (RFC 6455, section 7.1.2): the Close frames of both sides, and the side that began. */
export class CloseHandshake {
  /** Our Close frame, after it was written. */
  sent: CloseFrame | undefined
  /** Whether our Close frame was still in the process when the connection was aborted. */
  isSentLost = false
  /** The peer's Close frame, after the application has received it. */
  received: CloseFrame | undefined
  /** The peer's Close frame if it was answered before the application received it. The data in front of it can still be received. */
  ahead: CloseFrame | undefined
  /** Whether the peer has sent a Close frame that was received, that was answered ahead, or that breaks the rules. */
  hasPeerClosed = false
  /** The side that was the first to send a Close frame or to end the connection. */
  endedBy: 'local' | 'remote' | undefined

  /** The Close frame that is sent when the application specifies no code: the answer to the peer's frame, or a frame without a code. */
  get ownFrame(): CloseFrame {
    return this.received === undefined ? EMPTY_CLOSE : answerTo(this.received)
  }

  /** The code that the peer has seen: 1006 if none of our Close frames has left. */
  get statusSeenByPeer(): number {
    return this.sent === undefined || this.isSentLost ? ABNORMAL : this.sent.status
  }

  /** Returns how the WebSocket ended, after the transport has closed. */
  toCompletion(isAborted: boolean, error: WebSocketException | undefined): WebSocketCompletion {
    const peers = this.received ?? this.ahead
    const decisive = peers ?? this.sent
    return {
      closeStatus: decisive?.status ?? ABNORMAL,
      closeStatusDescription: decisive?.description ?? '',
      wasClean: peers !== undefined && this.sent !== undefined && !isAborted,
      endedBy: this.endedBy ?? 'remote',
      error,
    }
  }
}

/** The substitute for a Close frame that never arrived (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006
