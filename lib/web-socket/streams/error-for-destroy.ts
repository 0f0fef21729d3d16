import type { Stream } from 'node:stream'
import { isConnectionError } from '../../errors/is-connection-error.ts'

/**
 * The error for destroying a stream; `null` if it would end the process: an error of the connection on a stream without an `'error'` listener. Such a
 * stream closes without `'end'`, and `errored` has the error.
 */
export function errorForDestroy(stream: Stream, error: Error | null): Error | null {
  return stream.listenerCount('error') === 0 && isConnectionError(error) ? null : error
}
