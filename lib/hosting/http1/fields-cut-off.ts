import type { IncomingMessage } from 'node:http'
import { serverOf } from './node-http-internals.ts'

/**
 * Why header fields of the request may be missing, for a message; `undefined` if none are. `request.headers` has at most `server.maxHeadersCount`
 * fields. `request.rawHeaders` may have more: Node collects the fields in batches, and ignores further batches once it has enough. Newer releases of
 * Node answer 431 instead.
 */
export function fieldsCutOff(request: IncomingMessage): string | undefined {
  const limit = serverOf(request)?.maxHeadersCount
  if (typeof limit !== 'number' || limit <= 0) return undefined
  const count = request.rawHeaders.length / 2
  if (count < limit || (count === limit && count % BATCH > 0)) return undefined
  return `the request has reached the limit server.maxHeadersCount (${limit}), so header fields may be missing; raise the limit`
}

/** The number of fields after which the parser passes on a batch. */
const BATCH = 32
