import { answerTo, EMPTY_CLOSE } from './frames/close-frame.ts'
import type { CloseFrame } from './frames/close-frame.ts'
import type { WebSocketCompletion } from './values/web-socket-completion.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'

/** The closing handshake (RFC 6455, section 7.1.2): which Close frame went which way, and which side began. */
export class CloseHandshake {
  /** Our Close frame, once it was written. */
  sent: CloseFrame | undefined
  /** Whether our Close frame was still in the process when the connection was cut. */
  isSentLost = false
  /** The peer's Close frame, once the application has received it. */
  received: CloseFrame | undefined
  /** The peer's Close frame, if it was answered before the application received it: what lies in front of it can still be received. */
  ahead: CloseFrame | undefined
  /** Whether the peer has sent a Close frame that counts: one that was received, one that was answered ahead, or one that breaks the rules. */
  isPeerDone = false
  /** Which side was the first to send a Close frame, or to end the connection. */
  endedBy: 'local' | 'remote' | undefined

  /** The Close frame of an application that names no code: the answer to the peer's, or one without a code. */
  get ownFrame(): CloseFrame {
    return this.received === undefined ? EMPTY_CLOSE : answerTo(this.received)
  }

  /** The code that the peer has seen: 1006 if no Close frame of ours has left. */
  get statusSeenByPeer(): number {
    return this.sent === undefined || this.isSentLost ? ABNORMAL : this.sent.status
  }

  /** How the conversation ended, once the transport is closed. */
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

/** What stands for a Close frame that never came (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006
