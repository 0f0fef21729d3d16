import { inspect } from 'node:util'
import { WebSocketException } from './web-socket-exception.ts'

/** The error of an option that cannot be taken: names it, shows its value, tells the remedy. */
export function invalidOption(option: string, remedy: string, value: unknown): WebSocketException {
  const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 64 })
  return new WebSocketException('ERR_WEBSOCKET_INVALID_OPTION', `The option '${option}' ${remedy}. Received ${shown}`, { argument: option })
}

/** Checks a duration in milliseconds; Infinity is allowed. */
export function checkDuration(option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0) return value
  throw invalidOption(option, 'must be a number of milliseconds, 0 or more (Infinity is allowed)', value)
}

/** Checks a size in bytes; Infinity is allowed, 0 is not. */
export function checkSize(option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && (value === Infinity || (Number.isSafeInteger(value) && value > 0))) return value
  throw invalidOption(option, 'must be a whole number of bytes, 1 or more (Infinity is allowed)', value)
}

/** Checks a whole number within a range. */
export function checkInteger(option: string, value: unknown, range: readonly [min: number, max: number], fallback: number): number {
  if (value === undefined) return fallback
  const [min, max] = range
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw invalidOption(option, `must be a whole number from ${min} to ${max}`, value)
}

/** Checks a switch. */
export function checkBoolean(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw invalidOption(option, 'must be true or false', value)
}

/**
 * Checks a sub-protocol: a token of RFC 9110, section 5.6.2, as RFC 6455, section 4.1, wants it. `null` and `undefined` mean none.
 */
export function checkSubProtocol(option: string, value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw invalidOption(option, 'must be a string', value)
  if (value === '') throw invalidOption(option, 'must not be empty; leave it out to choose none', value)
  const refused = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/.exec(value)?.[0]
  if (refused === undefined) return value
  throw invalidOption(option, `must be a token: it must not contain ${inspect(refused)}`, value)
}

/** Checks that there are no options but those known; suggests the nearest name. */
export function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const nearest =
      known.find((other) => other.toLowerCase() === name.toLowerCase()) ?? known.find((other) => editDistance(other, name) <= 3)
    const remedy = nearest === undefined ? `is not known. The options are ${known.join(', ')}` : `is not known. Did you mean '${nearest}'?`
    throw new WebSocketException('ERR_WEBSOCKET_INVALID_OPTION', `The option '${name}' ${remedy}`, { argument: name })
  }
}

/** How many letters have to be added, removed or changed (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [index, letter] of Array.from(a).entries()) {
    const next = [index + 1]
    for (const [column, other] of Array.from(b).entries()) {
      const change = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
