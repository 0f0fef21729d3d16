import { refusal } from './refusal.ts'

/** What can be sent: text, or bytes. */
export type SendableData = string | ArrayBuffer | ArrayBufferView

/** Throws if it can not be sent. A WebSocket would send anything, as `'[object Object]'`. */
export function checkData(data: SendableData): void {
  // All kinds of bytes have a length in bytes; what is null or a number has not.
  if (typeof data !== 'string' && (data as ArrayBuffer | null)?.byteLength === undefined) throw refusal('data', 'text or bytes', data)
}

/** How many bytes it is on the wire. */
export function sizeOf(data: SendableData | Blob): number {
  return new Blob([data as string | ArrayBuffer]).size
}

/** What to keep for later: a copy of bytes, because the caller may write over them. A WebSocket sends a Blob as it sends other bytes. */
export function keep(data: SendableData): string | Blob {
  return typeof data === 'string' ? data : new Blob([data as ArrayBuffer])
}
