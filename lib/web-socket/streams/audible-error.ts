import type { Stream } from 'node:stream'
import { isConnectionError } from '../../errors/is-connection-error.ts'

/**
 * The error that a stream is destroyed with, unless it would end the process: one that only the connection has caused, on a stream whose errors
 * nobody listens to. Such a stream closes without its end, and `errored` has the error.
 */
export function audibleError(stream: Stream, error: Error | null): Error | null {
  return stream.listenerCount('error') === 0 && isConnectionError(error) ? null : error
}
