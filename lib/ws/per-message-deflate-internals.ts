import type { DeflateRaw } from 'node:zlib'
import * as ws from 'ws'
import type { WebSocketCompression } from '../web-socket/values/web-socket-settings.ts'

/**
 * The permessage-deflate of `ws`, which `ws` has exported since 8.20 but does not document. `spec/ws/per-message-deflate-internals.spec.ts` is the
 * contract test; the supported range of `ws` is tested at both ends.
 */
export interface PerMessageDeflate {
  /** The agreed parameters. `ws` would compute them in `accept()`, but the negotiation of this package is stricter. */
  params: PerMessageDeflateParams | null
  compress(data: Uint8Array, isFinal: boolean, callback: DeflateCallback): void
  decompress(data: Uint8Array, isFinal: boolean, callback: DeflateCallback): void
  /**
   * Frees the zlib streams. Must not be called while `decompress` is running: its callback would be lost, and with it a place in the concurrency
   * limiter of `ws`.
   */
  cleanup(): void
  /** The zlib stream that compresses; `null` before the first message. */
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
  // The types of `ws` do not declare this export.
  const { PerMessageDeflate } = ws as unknown as { PerMessageDeflate: new (options: PerMessageDeflateOptions) => PerMessageDeflate }
  const deflate = new PerMessageDeflate(options)
  deflate.params = params
  return deflate
}

/** The agreed parameters in the form of `ws`. */
export function toDeflateParams(compression: WebSocketCompression): PerMessageDeflateParams {
  return {
    client_max_window_bits: compression.clientMaxWindowBits,
    server_max_window_bits: compression.serverMaxWindowBits,
    ...(compression.clientContextTakeover ? {} : { client_no_context_takeover: true }),
    ...(compression.serverContextTakeover ? {} : { server_no_context_takeover: true }),
  }
}
