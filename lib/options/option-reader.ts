import { inspect } from 'node:util'
import { closestName } from './closest-name.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'

/** The owner of the options, for error messages. */
export interface OptionOwner {
  /** The function that takes the options, e.g. `useWebSockets`. */
  readonly name: string
  readonly code: 'ERR_WEBSOCKET_INVALID_OPTION' | 'ERR_WEBSOCKET_INVALID_ARGUMENT'
  /** Remedies for options of other functions, by name. */
  readonly misplaced?: Readonly<Record<string, string>>
}

/**
 * Reads and checks options one by one, and adds the default for an option that is absent or `undefined`. Every method throws a
 * {@link WebSocketException} that names the option, shows its value, and suggests a valid one.
 */
export class OptionReader {
  readonly #owner: OptionOwner
  readonly #options: Readonly<Record<string, unknown>>
  /** The name of the option that contains these options, with a dot; `''` at the top. */
  readonly #prefix: string

  constructor(owner: OptionOwner, options: unknown, knownNames: readonly string[], prefix = '') {
    this.#owner = owner
    this.#prefix = prefix
    // A promise has no properties of its own, so it would pass as an object without options.
    if (!isObject(options) || options instanceof Promise)
      throw new WebSocketException(owner.code, `${owner.name}: the options must be an object. Received ${show(options)}`)
    this.#options = { ...options }
    for (const name of Object.keys(options)) {
      if (!knownNames.includes(name)) throw this.#unknownOption(name, knownNames)
    }
  }

  value(name: string): unknown {
    return this.#options[name]
  }

  boolean(name: string, defaultValue: boolean): boolean {
    const value = this.#options[name]
    if (value === undefined) return defaultValue
    if (typeof value !== 'boolean') throw this.error(name, 'must be true or false')
    return value
  }

  integer(name: string, minimum: number, maximum: number, defaultValue: number): number {
    const value = this.#options[name]
    if (value === undefined) return defaultValue
    if (isInteger(value) && value >= minimum && value <= maximum) return value
    throw this.error(name, `must be an integer from ${minimum} to ${maximum}`)
  }

  /** Reads a size or a count. `Infinity` means no limit. */
  limit(name: string, minimum: number, unit: string, defaultValue: number): number {
    const value = this.#options[name]
    if (value === undefined) return defaultValue
    if (value === Infinity || (isInteger(value) && value >= minimum)) return value
    throw this.error(name, `must be a number of ${unit}, ${minimum} or more, or Infinity`)
  }

  /** Reads a time in milliseconds. `off` describes the meaning of 0 or `Infinity`. */
  duration(name: string, off: string, defaultValue: number): number {
    const value = this.#options[name]
    if (value === undefined) return defaultValue
    if (typeof value === 'number' && value >= 0) return value
    throw this.error(name, `must be a number of milliseconds, 0 or more, or Infinity (${off})`)
  }

  /** Reads an amount per second. */
  rate(name: string, unit: string, defaultValue: number): number {
    const value = this.#options[name]
    if (value === undefined) return defaultValue
    if (typeof value === 'number' && value > 0) return value
    throw this.error(name, `must be a number of ${unit} per second, more than 0, or Infinity`)
  }

  /** Reads a nested object of options; `undefined` if it is absent. */
  group(name: string, knownNames: readonly string[]): OptionReader | undefined {
    const value = this.#options[name]
    if (value === undefined) return undefined
    if (!isObject(value)) throw this.error(name, 'must be an object')
    return new OptionReader(this.#owner, value, knownNames, `${name}.`)
  }

  error(name: string, remedy: string): WebSocketException {
    const argument = this.#prefix + name
    const message = `${this.#owner.name}: the option '${argument}' ${remedy}. Received ${show(this.#options[name])}`
    return new WebSocketException(this.#owner.code, message, { argument })
  }

  #unknownOption(name: string, knownNames: readonly string[]): WebSocketException {
    const closest = closestName(name, knownNames)
    const guess = closest === undefined ? `The options are: ${knownNames.join(', ')}` : `Did you mean '${closest}'?`
    const { misplaced = {} } = this.#owner
    const remedy = Object.hasOwn(misplaced, name) ? misplaced[name] : guess
    const argument = this.#prefix + name
    return new WebSocketException(this.#owner.code, `${this.#owner.name}: there is no option '${argument}'. ${remedy}`, { argument })
  }
}

/** Formats a value for a message. */
export function show(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 100, maxArrayLength: 10 })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
