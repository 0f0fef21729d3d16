import { argumentError } from '../options/argument-error.ts'
import { OptionReader } from '../options/option-reader.ts'
import { checkMessageType } from '../web-socket/arguments.ts'
import { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { WebSocketMessageType } from '../web-socket/values/web-socket-message-type.ts'

/** Options of sending a message to a group. */
export interface GroupSendOptions {
  /** The members that do not get the message, usually its sender. Only members in this process can be excluded. */
  readonly except?: ManagedWebSocket | Iterable<ManagedWebSocket> | undefined
  /** Defaults to text for a string and binary for bytes. A prepared message ignores it. */
  readonly messageType?: WebSocketMessageType | undefined
}

/** The same options, completed with the defaults. */
export interface ResolvedGroupSendOptions {
  readonly except: ReadonlySet<ManagedWebSocket> | undefined
  readonly messageType: WebSocketMessageType | undefined
}

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_ARGUMENT`. */
export function resolveGroupSendOptions(options: GroupSendOptions | undefined): ResolvedGroupSendOptions {
  if (options === undefined) return NO_OPTIONS
  const given: unknown = options
  if (given instanceof ManagedWebSocket || isIterable(given))
    throw argumentError('send', 'options', 'must be an object, such as { except: webSocket }', given)
  const reader = new OptionReader({ name: 'send', code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' }, options, OPTION_NAMES)
  return { except: readExcept(reader), messageType: readMessageType(reader) }
}

const OPTION_NAMES: readonly (keyof GroupSendOptions)[] = ['except', 'messageType']
const NO_OPTIONS: ResolvedGroupSendOptions = { except: undefined, messageType: undefined }

function readExcept(reader: OptionReader): ReadonlySet<ManagedWebSocket> | undefined {
  const value = reader.value('except')
  if (value === undefined) return undefined
  if (value instanceof ManagedWebSocket) return new Set([value])
  const all = isIterable(value) ? [...value] : [value]
  if (!all.every((one) => one instanceof ManagedWebSocket))
    throw reader.error('except', 'must be a ManagedWebSocket or an iterable of them')
  return new Set(all)
}

function readMessageType(reader: OptionReader): WebSocketMessageType | undefined {
  const messageType = reader.value('messageType')
  if (messageType !== undefined) checkMessageType(messageType)
  return messageType
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}
