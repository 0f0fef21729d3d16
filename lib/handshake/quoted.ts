import { inspect } from 'node:util'

/** Formats a text of a client for a message: quoted, escaped and truncated. */
export function quoted(text: string | undefined): string {
  return inspect(text, { maxStringLength: 64, breakLength: Infinity })
}
