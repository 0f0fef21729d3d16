/** What the handler of a scenario is told, in the header `x-scenario`. */
export interface Script {
  readonly id: string
  /** The argument of the accept; absent: none. */
  readonly accept?: Readonly<Record<string, unknown>> | null
  /** What is done to the response first. */
  readonly before?: {
    readonly headers?: Readonly<Record<string, string>>
    readonly status?: number
    readonly body?: string
  } | null
  readonly refuse?: boolean | null
  /** Whether to accept what is no WebSocket request, too. */
  readonly acceptAnyway?: boolean | null
  readonly ops?: readonly Operation[] | null
}

/** An operation of the handler: its name and its arguments. */
export type Operation = readonly [name: string, ...args: readonly OperationArgument[]]

export type OperationArgument = string | number | boolean | null

/** A scenario: the script of the handler, and what the client does. */
export interface Scenario extends Script {
  readonly group?: string
  /** The first segment of the path, which chooses the options of the middleware. */
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
  /** Whether to leave the header `x-scenario` out: the server echoes. */
  readonly plain?: boolean
  /** How long to wait for the end of the connection after the last step, in milliseconds. */
  readonly linger?: number
}

/** HTTP/1.1 over TCP, or HTTP/2 without TLS. */
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

/** A frame of the client, right or wrong. */
export interface FrameToSend {
  readonly opcode: number
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  readonly text?: string
  readonly hex?: string
  /** So many letters `a`. */
  readonly size?: number
  /** A length for the header that is not that of the payload. */
  readonly length?: number
}
