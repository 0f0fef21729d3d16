import type { IncomingMessage } from 'node:http'
import { serverOf } from './node-http-internals.ts'

/**
 * Why some header fields of the request may be missing, in words; `undefined` if none is. `request.headers` has `server.maxHeadersCount` of them at
 * most. `request.rawHeaders` may have more, since Node collects them in batches, and takes no further batch when it has enough; newer releases of
 * Node answer 431 by themselves.
 */
export function fieldsCutOff(request: IncomingMessage): string | undefined {
  const limit = serverOf(request)?.maxHeadersCount
  if (typeof limit !== 'number' || limit <= 0) return undefined
  const count = request.rawHeaders.length / 2
  if (count < limit || (count === limit && count % BATCH > 0)) return undefined
  return `the request has as many header fields as server.maxHeadersCount (${limit}) lets through, so that some may have been cut off`
}

/** Fields. Where the parser has collected so many, it hands them over and begins anew. */
const BATCH = 32
