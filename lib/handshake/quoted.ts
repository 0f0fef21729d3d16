import { inspect } from 'node:util'

/** Shows a text that a client sent: in quotes, escaped, and cut when it is long. */
export function quoted(text: string | undefined): string {
  return inspect(text, { maxStringLength: 64, breakLength: Infinity })
}
