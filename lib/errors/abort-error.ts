import { WebSocketException } from './web-socket-exception.ts'

/** The error of an operation that was cancelled or interrupted by `abort()` (.NET's `OperationCanceledException`). */
export function abortError(message: string, cause?: unknown): WebSocketException {
  return new WebSocketException('ABORT_ERR', message, cause === undefined ? {} : { cause })
}

/** The error of an operation whose signal was aborted; its `cause` is the signal's reason. */
export function signalAbortError(signal: AbortSignal): WebSocketException {
  return abortError('The operation was cancelled by its signal', signal.reason)
}
