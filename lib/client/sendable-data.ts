import { refuse } from './refuse.ts'

/** The data that can be sent: text or bytes. */
export type SendableData = string | ArrayBuffer | ArrayBufferView

/** Throws if the data cannot be sent. A WebSocket would send any object as `'[object Object]'`. */
export function checkData(data: SendableData): void {
  // All kinds of bytes have a length in bytes; `null` and numbers do not.
  if (typeof data !== 'string' && (data as ArrayBuffer | null)?.byteLength === undefined) refuse('data', 'text or bytes', data)
}

/** The number of bytes on the wire. */
export function sizeOf(data: SendableData | Blob): number {
  return new Blob([data as string | ArrayBuffer]).size
}

/** Returns data to keep: a copy of bytes, because the caller may overwrite them. A WebSocket sends a Blob as it sends other bytes. */
export function copyOf(data: SendableData): string | Blob {
  return typeof data === 'string' ? data : new Blob([data as ArrayBuffer])
}
