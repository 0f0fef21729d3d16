/** Settings of the server under attack. Times are milliseconds. */
export interface HostileServerSettings {
  readonly closeTimeout?: number
  readonly keepAliveInterval?: number
  readonly keepAliveTimeout?: number
  /** Options of Node's HTTP server. */
  readonly http?: { readonly headersTimeout: number; readonly requestTimeout: number; readonly connectionsCheckingInterval: number }
}

/** The ports of the server. */
export interface HostileServerPorts {
  readonly http: number
  readonly https: number
  readonly h2c: number
  readonly h2: number
}

/** The report of the server about itself. */
export interface HostileServerState {
  /** The number of open WebSockets. */
  readonly webSockets: number
  /** The peak memory of the process since the last reset, in bytes. */
  readonly peakMemory: number
  /** The JavaScript heap and external memory, in bytes. */
  readonly heap: number
  /** The number of open TCP connections. */
  readonly connections: number
}

/** The longest message that `/ws` accepts. */
export const MESSAGE_LIMIT = 1024 * 1024

/** The longest message that `/large` accepts. */
export const LARGE_MESSAGE_LIMIT = 64 * 1024 * 1024

/** The only origin that `/guarded` accepts. */
export const ALLOWED_ORIGIN = 'https://good.example'
