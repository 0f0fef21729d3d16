/** The instructions for the handler of a scenario, in the header `x-scenario`. */
export interface Script {
  readonly id: string
  /** The argument of the accept; none if absent. */
  readonly accept?: Readonly<Record<string, unknown>> | null
  /** The changes to the response before the accept. */
  readonly before?: {
    readonly headers?: Readonly<Record<string, string>>
    readonly status?: number
    readonly body?: string
  } | null
  readonly refuse?: boolean | null
  /** Whether to accept a request even if it is no WebSocket request. */
  readonly acceptAnyway?: boolean | null
  readonly ops?: readonly Operation[] | null
}

/** An operation of the handler: its name and its arguments. */
export type Operation = readonly [name: string, ...args: readonly OperationArgument[]]

export type OperationArgument = string | number | boolean | null

/** A scenario: the script of the handler and the steps of the client. */
export interface Scenario extends Script {
  readonly group?: string
  /** The first segment of the path, which selects the options of the middleware. */
  readonly profile?: string
  /** The rest of the path. */
  readonly path?: string
  readonly transports?: readonly Transport[]
  readonly handshake?: {
    readonly method?: string
    readonly httpVersion?: string
    readonly headers?: readonly (readonly [name: string, value: string | readonly string[] | null])[]
    readonly body?: string
  }
  readonly h2headers?: Readonly<Record<string, string | null>>
  readonly client?: readonly ClientStep[]
  /** Whether to omit the header `x-scenario`, so that the server echoes. */
  readonly plain?: boolean
  /** The time to wait for the end of the connection after the last step, in milliseconds. */
  readonly linger?: number
}

/** HTTP/1.1 over TCP, or cleartext HTTP/2. */
export type Transport = 'h1' | 'h2'

/** A step of the client. */
export type ClientStep =
  | readonly ['send', FrameToSend]
  | readonly ['raw', string]
  | readonly ['frames', number]
  | readonly ['sleep', number]
  | readonly ['end']
  | readonly ['fin']
  | readonly ['reset']

/** A frame of the client, valid or not. */
export interface FrameToSend {
  readonly opcode: number
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  readonly text?: string
  readonly hex?: string
  /** The number of letters `a`. */
  readonly size?: number
  /** A length in the header that differs from that of the payload. */
  readonly length?: number
}
