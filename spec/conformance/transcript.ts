import type { Transport } from './scenario.ts'

/** The observations of a scenario from outside and from its handler. */
export interface Transcript {
  readonly id: string
  readonly transport: Transport
  readonly response: RecordedResponse | null
  readonly body?: string
  readonly frames: readonly RecordedFrame[]
  readonly end: string
  /** The steps of the client that failed. */
  readonly missed?: readonly string[]
  readonly log?: readonly LogEntry[] | null
}

export interface RecordedResponse {
  readonly status: number
  readonly reason?: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** A frame of the server. */
export interface RecordedFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv: number
  readonly masked: boolean
  readonly length: number
  readonly closeCode?: number | null
  readonly reason?: string
  /** The payload in hexadecimal, if it is short and not compressed. */
  readonly payload?: string
}

/** An entry in the log of a handler: the outcome of an operation and the state after it. */
export interface LogEntry {
  op: string
  result?: unknown
  error?: LoggedError
  pending?: true
  state?: string
  closeStatus?: number
  closeStatusDescription?: string | null
  method?: string | undefined
  isWebSocketRequest?: boolean
  requestedProtocols?: readonly string[]
  upgradeHeader?: string
  versionHeader?: string
}

/** An error with its names in .NET. */
export interface LoggedError {
  readonly type: string
  readonly webSocketErrorCode?: string
  readonly paramName?: string
  readonly message: string
}
