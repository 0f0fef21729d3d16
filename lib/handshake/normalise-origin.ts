import { quoted } from './quoted.ts'

/** An origin as browsers send it, or the remedy for an invalid one, as text that follows "the option must". */
export type NormalisedOrigin = { readonly origin: string } | { readonly remedy: string }

/**
 * Serialises an origin, with or without an asterisk, as browsers do (WHATWG HTML, "serialization of an origin"): in lower case, without the default
 * port of its scheme, and names in Punycode.
 */
export function normaliseOrigin(text: string): NormalisedOrigin {
  const [, scheme = '', host = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s]*)(.*)$/is.exec(text) ?? []
  const isWebScheme = WEB_SCHEMES.has(scheme.toLowerCase())
  if (scheme === '' || (host === '' && isWebScheme)) {
    return { remedy: `contain origins like 'https://client.com'; ${quoted(text)} has no scheme or no host` }
  }
  const instead = SCHEMES_INSTEAD.get(scheme.toLowerCase())
  if (instead !== undefined) return { remedy: `contain origins of pages: write '${instead}://${host}' instead of ${quoted(text)}` }
  if (rest !== '') return { remedy: `contain origins without a path: write '${scheme}://${host}' instead of ${quoted(text)}` }
  if (host.includes('@')) return { remedy: `contain origins without a user, not ${quoted(text)}` }
  const [, subdomains = '', name = '', port = ''] = /^(\*\.)?([^*]+?)(:\*)?$/.exec(host) ?? []
  if (host.includes('*') && name === '') {
    return {
      remedy: `contain '*' only as the first label of the host or as the port, as in 'https://*.client.com' and 'http://localhost:*', not ${quoted(text)}`,
    }
  }
  if (port !== '' && /:\d*$/.test(name)) return { remedy: `contain one port or ':*' for every port, not ${quoted(text)}` }
  if (!isWebScheme) return { origin: text.toLowerCase() }
  // A label replaces the asterisk, because a host with an asterisk is invalid.
  const url = `${scheme}://${subdomains === '' ? '' : LABEL}${name}`
  if (!URL.canParse(url)) return { remedy: `contain origins with a valid host and port, not ${quoted(text)}` }
  const { origin } = new URL(url)
  return { origin: (subdomains === '' ? origin : origin.replace(LABEL, subdomains)) + port }
}

/** The schemes whose origins consist of a scheme, a host and a port (WHATWG URL). Origins of registered custom schemes can have any form. */
const WEB_SCHEMES = new Set(['http', 'https'])
/** The schemes of WebSockets, which are not schemes of pages. */
const SCHEMES_INSTEAD = new Map([
  ['ws', 'http'],
  ['wss', 'https'],
])
const LABEL = 'a.'
