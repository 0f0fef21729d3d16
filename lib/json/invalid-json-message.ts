import { connectionError } from '../errors/connection-error.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'
import { MAX_CLOSE_DESCRIPTION_LENGTH } from '../web-socket/frames/close-frame.ts'
import { WebSocketCloseStatus } from '../web-socket/values/web-socket-close-status.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** The error of a message that is not JSON or does not match the schema: a `WebSocketException` with code `ERR_WEBSOCKET_INVALID_MESSAGE`. */
export type InvalidJsonMessage = WebSocketException & {
  /** The close code for this error: 1007, or 1003 for a binary message. */
  readonly closeStatus: 1003 | 1007
  /** The first issue, with its path; cut to 123 bytes of UTF-8, so that it fits into a Close frame. */
  readonly reason: string
  /** The issues of the schema, or the error of the parser if the message is not JSON. */
  readonly issues: readonly StandardSchemaV1.Issue[]
}

/** The error of a binary message: JSON is text (RFC 8259, section 8.1), and the code 1003 means a wrong type of data (RFC 6455, section 7.4.1). */
export function binaryMessage(): InvalidJsonMessage {
  return invalidMessage(WebSocketCloseStatus.InvalidMessageType, 'is binary, not JSON', [
    { message: 'Expected JSON as text, received binary' },
  ])
}

/** The error of a message that does not parse. */
export function invalidJson(cause: unknown): InvalidJsonMessage {
  const message = cause instanceof Error ? cause.message : String(cause)
  return invalidMessage(WebSocketCloseStatus.InvalidPayloadData, 'is not valid JSON', [{ message }], cause)
}

/** The error of a message that the schema refuses. */
export function schemaMismatch(issues: readonly StandardSchemaV1.Issue[]): InvalidJsonMessage {
  return invalidMessage(WebSocketCloseStatus.InvalidPayloadData, 'does not match the schema', issues)
}

function invalidMessage(
  closeStatus: InvalidJsonMessage['closeStatus'],
  what: string,
  issues: readonly StandardSchemaV1.Issue[],
  cause?: unknown,
): InvalidJsonMessage {
  const reason = cutToReason(describeIssue(issues[0]))
  const error = connectionError('ERR_WEBSOCKET_INVALID_MESSAGE', `The peer sent a message that ${what}: ${reason}`, cause)
  return Object.assign(error, { closeStatus, reason, issues })
}

/** Adds the path of the issue, unless the message begins with it. */
function describeIssue(issue: StandardSchemaV1.Issue | undefined): string {
  if (issue === undefined) return 'Invalid message'
  const path = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment))
  const [first] = path
  return first === undefined || issue.message.startsWith(first) ? issue.message : `${path.join('.')}: ${issue.message}`
}

/** Truncates a text between two characters. */
function cutToReason(text: string): string {
  return text.slice(0, encoder.encodeInto(text, scratch).read)
}

const encoder = new TextEncoder()
/** Only used to find how many characters fit. */
const scratch = new Uint8Array(MAX_CLOSE_DESCRIPTION_LENGTH)
