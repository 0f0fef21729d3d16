import type { IncomingMessage } from 'node:http'

/** The host that the client addressed. The origin of a page is compared with it. */
export interface AddressedHost {
  readonly host: string | undefined
  /** Whether the client connected by TLS, to this server or to a trusted proxy. */
  readonly isEncrypted: boolean
}

/**
 * The host and port that a client addressed: the `Host` header, or `X-Forwarded-Host` if the Express app trusts the proxy (its setting
 * `trust proxy`). The rules are those of Express.
 */
export function addressedHost(request: IncomingMessage): AddressedHost {
  const isEncrypted = 'encrypted' in request.socket && request.socket.encrypted === true
  if (!isProxyTrusted(request)) return { host: request.headers.host, isEncrypted }
  const protocol = firstItem(request.headers['x-forwarded-proto'])
  return {
    host: firstItem(request.headers['x-forwarded-host']) ?? request.headers.host,
    isEncrypted: protocol === undefined ? isEncrypted : protocol === 'https' || protocol === 'wss',
  }
}

/** The part of an Express application that this module uses. */
interface ExpressSettings {
  get(name: 'trust proxy fn'): unknown
}

function isProxyTrusted(request: IncomingMessage & { readonly app?: Partial<ExpressSettings> }): boolean {
  if (typeof request.app?.get !== 'function') return false
  const isTrusted = request.app.get('trust proxy fn')
  return typeof isTrusted === 'function' && isTrusted(request.socket.remoteAddress, 0) === true
}

function firstItem(value: string | string[] | undefined): string | undefined {
  const [first] = (Array.isArray(value) ? value.join(',') : (value ?? '')).split(',')
  const text = first?.trim()
  return text === '' ? undefined : text
}
