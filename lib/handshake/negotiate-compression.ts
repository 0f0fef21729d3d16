import { splitHeaderList, withoutQuotes } from './header-list.ts'
import { headerLines } from './header-lines.ts'

/** The permessage-deflate settings of the application. */
export interface CompressionPreferences {
  readonly serverContextTakeover: boolean
  /** 9 to 15. */
  readonly serverMaxWindowBits: number
}

/** The result of the negotiation. */
export interface CompressionAgreement {
  /** The `Sec-WebSocket-Extensions` of the accepting response. */
  readonly responseHeader: string
  readonly clientContextTakeover: boolean
  readonly clientMaxWindowBits: number
  readonly serverContextTakeover: boolean
  readonly serverMaxWindowBits: number
}

/**
 * Answers the client's offers of permessage-deflate: accepts the first acceptable offer (RFC 7692, section 5.1) and declines the others. Offers with
 * unknown parameters are declined (section 7.1). So are offers with windows of 256 bytes, which zlib does not support.
 * @returns `undefined` if no offer was accepted.
 */
export function negotiateCompression(rawHeaders: readonly string[], preferences: CompressionPreferences): CompressionAgreement | undefined {
  for (const offer of splitHeaderList(headerLines(rawHeaders, 'sec-websocket-extensions'))) {
    const parameters = parseOffer(offer)
    if (parameters !== undefined) return toAgreement(parameters, preferences)
  }
  return undefined
}

/** The parameters of one offer by name, in the order of the offer. Window bits are numbers; a parameter without a value is `true`. */
type OfferedParameters = ReadonlyMap<string, number | true>

function parseOffer(offer: string): OfferedParameters | undefined {
  const [extension, ...texts] = offer.split(';')
  if (extension?.trim() !== 'permessage-deflate') return undefined
  const parameters = new Map<string, number | true>()
  for (const text of texts) {
    const [name, value] = parseParameter(text)
    if (value === undefined || parameters.has(name)) return undefined
    parameters.set(name, value)
  }
  return parameters
}

function parseParameter(text: string): [name: string, value: number | true | undefined] {
  const equals = text.indexOf('=')
  const name = (equals < 0 ? text : text.slice(0, equals)).trim()
  const value = equals < 0 ? undefined : withoutQuotes(text.slice(equals + 1).trim())
  switch (name) {
    case 'client_no_context_takeover':
    case 'server_no_context_takeover':
      return [name, value === undefined ? true : undefined]
    case 'client_max_window_bits':
      return [name, value === undefined ? true : parseWindowBits(value)]
    case 'server_max_window_bits':
      return [name, value === undefined ? undefined : parseWindowBits(value)]
    default:
      return [name, undefined]
  }
}

/** RFC 7692, section 7.1.2: a decimal integer without leading zeroes. */
function parseWindowBits(value: string): number | undefined {
  return /^(?:9|1[0-5])$/.test(value) ? Number(value) : undefined
}

/** The answer, in ASP.NET Core's order: the client's parameters as offered, then the server's. */
function toAgreement(parameters: OfferedParameters, preferences: CompressionPreferences): CompressionAgreement {
  const answer = ['permessage-deflate']
  const clientMaxWindowBits = windowBits(parameters.get('client_max_window_bits'))
  for (const name of parameters.keys()) {
    if (name === 'client_no_context_takeover') answer.push(name)
    if (name === 'client_max_window_bits') answer.push(`${name}=${clientMaxWindowBits}`)
  }
  const serverContextTakeover = preferences.serverContextTakeover && !parameters.has('server_no_context_takeover')
  if (!serverContextTakeover) answer.push('server_no_context_takeover')
  const offeredServerBits = parameters.get('server_max_window_bits')
  const serverMaxWindowBits = Math.min(windowBits(offeredServerBits), preferences.serverMaxWindowBits)
  if (offeredServerBits !== undefined || serverMaxWindowBits !== MAX_WINDOW_BITS)
    answer.push(`server_max_window_bits=${serverMaxWindowBits}`)
  return {
    responseHeader: answer.join('; '),
    clientContextTakeover: !parameters.has('client_no_context_takeover'),
    clientMaxWindowBits,
    serverContextTakeover,
    serverMaxWindowBits,
  }
}

function windowBits(parameter: number | true | undefined): number {
  return typeof parameter === 'number' ? parameter : MAX_WINDOW_BITS
}

const MAX_WINDOW_BITS = 15
