import type { Duplex } from 'node:stream'

/** Is notified of the events of a stream. */
export interface DuplexListener {
  onData(chunk: Uint8Array): void
  onTransportEnd(): void
  onDrain(): void
  onTransportError(error: Error): void
  onTransportClose(): void
}

/** Notifies `listener` of the events of `duplex`. All streams share the same functions, which takes less memory than closures. */
export function listenToDuplex(duplex: Duplex, listener: DuplexListener): void {
  const owned: OwnedDuplex = duplex
  owned[OWNER] = listener
  duplex.on('data', onData).on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose)
}

interface OwnedDuplex extends Duplex {
  [OWNER]?: DuplexListener
}

/** Not a WeakMap: its values survive all minor garbage collections, which makes short connections expensive. */
const OWNER = Symbol('DuplexListener')

function onData(this: OwnedDuplex, chunk: Uint8Array | string): void {
  this[OWNER]?.onData(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
}

function onEnd(this: OwnedDuplex): void {
  this[OWNER]?.onTransportEnd()
}

function onDrain(this: OwnedDuplex): void {
  this[OWNER]?.onDrain()
}

function onError(this: OwnedDuplex, error: Error): void {
  this[OWNER]?.onTransportError(error)
}

function onClose(this: OwnedDuplex): void {
  this[OWNER]?.onTransportClose()
}
