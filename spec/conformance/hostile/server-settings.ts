/** What the server under attack can be told. Times are milliseconds. */
export interface HostileServerSettings {
  readonly closeTimeout?: number
  readonly keepAliveInterval?: number
  readonly keepAliveTimeout?: number
  /** Options of Node's HTTP server. */
  readonly http?: { readonly headersTimeout: number; readonly requestTimeout: number; readonly connectionsCheckingInterval: number }
}

/** Where it listens. */
export interface HostileServerPorts {
  readonly http: number
  readonly https: number
  readonly h2c: number
  readonly h2: number
}

/** What it tells about itself. */
export interface HostileServerState {
  /** Open WebSockets. */
  readonly webSockets: number
  /** The most memory that the process has had since it was told to forget, in bytes. */
  readonly peakMemory: number
  /** JavaScript's heap and what hangs on it outside, in bytes. */
  readonly heap: number
  /** Open TCP connections. */
  readonly connections: number
}

/** The longest message that `/ws` takes. */
export const MESSAGE_LIMIT = 1024 * 1024

/** The longest message that `/large` takes. */
export const LARGE_MESSAGE_LIMIT = 64 * 1024 * 1024

/** The only origin that `/guarded` takes. */
export const ALLOWED_ORIGIN = 'https://good.example'
