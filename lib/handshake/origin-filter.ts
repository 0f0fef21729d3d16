import type { IncomingMessage } from 'node:http'

/** Decides about an origin. It is called for WebSocket requests with an `Origin` header if no other entry of the list matches. */
export type OriginPredicate = (origin: string, request: IncomingMessage) => boolean | Promise<boolean>

/**
 * An origin that may open WebSockets:
 * - `'https://client.com'`, `'https://client.com:8443'`: exactly this origin. It is normalised to the form that browsers send: in lower case, names
 *   in Punycode, without the default port of the scheme;
 * - `'null'`: pages without an origin;
 * - `'https://*.client.com'`: every subdomain, at any depth, but not `https://client.com` itself;
 * - `'http://localhost:*'`: every port, for development;
 * - `'file://'`, `'app://localhost'`, `'capacitor://localhost'`, `'chrome-extension://<id>'`: origins of applications and extensions;
 * - `'same-origin'`: the host and port that the request itself was sent to;
 * - `'*'`: every origin;
 * - a `RegExp`, which must match the whole origin;
 * - a predicate.
 */
export type AllowedOrigin = string | RegExp | OriginPredicate

/** The request as the origin filter sees it. */
export interface OriginFacts {
  /** The `Origin` header. Several lines are joined by commas, so that they match nothing. */
  readonly origin: string
  /** The host, with its port, that the client addressed. */
  readonly host: string | undefined
  /** Whether the client is known to use TLS. `false` means unknown: a proxy may have terminated TLS. */
  readonly isEncrypted: boolean
  readonly request: IncomingMessage
}

/** Tells whether a WebSocket request of this origin is allowed. Answers synchronously unless a predicate is asynchronous. */
export type OriginFilter = (facts: OriginFacts) => boolean | Promise<boolean>

/**
 * Compiles a validated list of allowed origins. As in ASP.NET Core, the unchanged `Origin` header is compared with the configured origin in lower
 * case (browsers send lower case). An empty list allows every origin.
 * @returns `undefined` if every origin is allowed.
 */
export function createOriginFilter(allowedOrigins: readonly AllowedOrigin[]): OriginFilter | undefined {
  if (allowedOrigins.length === 0 || allowedOrigins.includes('*')) return undefined
  const matches = allowedOrigins.filter((allowed) => typeof allowed !== 'function').map(createMatch)
  const predicates = allowedOrigins.filter((allowed) => typeof allowed === 'function')
  return function isOriginAllowed(facts) {
    return matches.some((isMatch) => isMatch(facts)) || askPredicates(predicates, facts)
  }
}

type OriginMatch = (facts: OriginFacts) => boolean

function createMatch(allowed: string | RegExp): OriginMatch {
  if (allowed instanceof RegExp) {
    const whole = new RegExp(`^(?:${allowed.source})$`, allowed.flags.replace(/[gy]/g, ''))
    return ({ origin }) => whole.test(origin)
  }
  if (allowed === 'same-origin') return isSameOrigin
  const expected = allowed.toLowerCase()
  if (!expected.endsWith(ANY_PORT)) return createTextMatch(expected)
  const isMatch = createTextMatch(expected.slice(0, -ANY_PORT.length))
  return (facts) => isMatch({ ...facts, origin: facts.origin.replace(/:\d+$/, '') })
}

const ANY_PORT = ':*'

function createTextMatch(expected: string): OriginMatch {
  const [scheme, domain] = expected.split('://*')
  if (scheme !== undefined && domain !== undefined) return ({ origin }) => isSubdomain(origin, `${scheme}://`, domain)
  return ({ origin }) => origin === expected
}

/** `domain` has its leading dot. The text before it must consist of host name labels only: no port, no user, no path. */
function isSubdomain(origin: string, scheme: string, domain: string): boolean {
  if (!origin.startsWith(scheme) || !origin.endsWith(domain)) return false
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(origin.slice(scheme.length, origin.length - domain.length))
}

function isSameOrigin({ origin, host, isEncrypted }: OriginFacts): boolean {
  const [, scheme, originHost] = /^(https?):\/\/([^/?#@]+)$/.exec(origin) ?? []
  if (scheme === undefined || originHost === undefined || host === undefined) return false
  if (isEncrypted && scheme === 'http') return false
  return withoutDefaultPort(host.toLowerCase(), scheme) === withoutDefaultPort(originHost, scheme)
}

function withoutDefaultPort(host: string, scheme: string): string {
  const suffix = scheme === 'https' ? ':443' : ':80'
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : host
}

function askPredicates(predicates: readonly OriginPredicate[], facts: OriginFacts): boolean | Promise<boolean> {
  for (const [index, predicate] of predicates.entries()) {
    // A predicate in JavaScript can return any value: only `true` allows the origin.
    const answer: unknown = predicate(facts.origin, facts.request)
    if (answer instanceof Promise) {
      const rest = predicates.slice(index + 1)
      return answer.then((isAllowed: unknown) => isAllowed === true || askPredicates(rest, facts))
    }
    if (answer === true) return true
  }
  return false
}
