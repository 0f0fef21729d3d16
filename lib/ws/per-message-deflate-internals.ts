import type { DeflateRaw } from 'node:zlib'
import * as ws from 'ws'
import type { WebSocketCompression } from '../web-socket/values/web-socket-settings.ts'

/**
 * What this package uses of `ws` beyond its documented interface: its permessage-deflate, exported since 8.20 but not documented.
 * `spec/ws/per-message-deflate-internals.spec.ts` is the contract test; the supported range of `ws` is tested at both ends.
 */
export interface PerMessageDeflate {
  /** The agreed parameters. `ws` computes them itself in `accept()`; our negotiation is stricter. */
  params: PerMessageDeflateParams | null
  compress(data: Uint8Array, isFinal: boolean, callback: DeflateCallback): void
  decompress(data: Uint8Array, isFinal: boolean, callback: DeflateCallback): void
  /** Frees the zlib streams. Not while `decompress` is at work: its callback would be lost, and with it a place in the limiter. */
  cleanup(): void
  /** The zlib stream that compresses, once there is one. */
  readonly _deflate: DeflateRaw | null
}

/** The parameters of RFC 7692, section 7.1, as `ws` names them. */
export interface PerMessageDeflateParams {
  client_max_window_bits?: number
  client_no_context_takeover?: true
  server_max_window_bits?: number
  server_no_context_takeover?: true
}

export type DeflateCallback = (error: (Error & { readonly code?: string }) | null, result: Buffer) => void

interface PerMessageDeflateOptions {
  readonly isServer: boolean
  readonly maxPayload: number
  readonly threshold?: number
  readonly zlibDeflateOptions: { readonly level: number }
}

export function createPerMessageDeflate(options: PerMessageDeflateOptions, params: PerMessageDeflateParams): PerMessageDeflate {
  // The types of `ws` do not know this export.
  const { PerMessageDeflate } = ws as unknown as { PerMessageDeflate: new (options: PerMessageDeflateOptions) => PerMessageDeflate }
  const deflate = new PerMessageDeflate(options)
  deflate.params = params
  return deflate
}

/** What was agreed on, as `ws` has it. */
export function toDeflateParams(compression: WebSocketCompression): PerMessageDeflateParams {
  return {
    client_max_window_bits: compression.clientMaxWindowBits,
    server_max_window_bits: compression.serverMaxWindowBits,
    ...(compression.clientContextTakeover ? {} : { client_no_context_takeover: true }),
    ...(compression.serverContextTakeover ? {} : { server_no_context_takeover: true }),
  }
}
