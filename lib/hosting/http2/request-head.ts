/** The header block of an HTTP/2 request in the form of HTTP/1: the pseudo-header fields separately, the others as in `rawHeaders` of `node:http`. */
export interface RequestHead {
  readonly method: string
  /** The value of `request.url`: the path, or, for a CONNECT without `:protocol`, the authority (as in HTTP/1). */
  readonly target: string
  readonly scheme: string | undefined
  readonly authority: string | undefined
  /** `:protocol`, which marks a CONNECT as extended (RFC 8441, section 4). */
  readonly protocol: string | undefined
  /** Alternating names and values. `host` is `:authority` if the client sent one. */
  readonly rawHeaders: string[]
  readonly hasContentLength: boolean
  readonly expectation: string | undefined
}

/** Parses the names and values of an HTTP/2 header block, as the `'stream'` event passes them. */
export function readRequestHead(rawFields: readonly string[]): RequestHead {
  const pseudo = new Map<string, string>()
  const rawHeaders: string[] = []
  let hasContentLength = false
  let expectation: string | undefined
  for (let index = 0; index + 1 < rawFields.length; index += 2) {
    const name = rawFields[index] ?? ''
    const value = rawFields[index + 1] ?? ''
    if (name.startsWith(':')) {
      pseudo.set(name, value)
      continue
    }
    rawHeaders.push(name, value)
    hasContentLength ||= name === 'content-length'
    if (name === 'expect') expectation = value
  }
  const method = pseudo.get(':method') ?? ''
  const authority = pseudo.get(':authority')
  return {
    method,
    target: pseudo.get(':path') ?? authority ?? '',
    scheme: pseudo.get(':scheme'),
    authority,
    protocol: pseudo.get(':protocol'),
    rawHeaders: authority === undefined ? rawHeaders : ['host', authority, ...withoutHost(rawHeaders)],
    hasContentLength,
    expectation,
  }
}

/** `:authority` names the target of a request. A different `host` must not make a proxy and the application disagree (RFC 9113, section 8.3.1). */
function withoutHost(rawHeaders: string[]): string[] {
  if (!rawHeaders.includes('host')) return rawHeaders
  return rawHeaders.filter((_, index) => rawHeaders[index - (index % 2)] !== 'host')
}
