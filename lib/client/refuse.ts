/** Throws the error of an invalid argument or option. It has the same `code` and `argument` as a `WebSocketException` of the server. */
export function refuse(argument: string, remedy: string, value: unknown): never {
  // An object may have no `toString()`, or one that throws.
  const shown = Object(value) === value ? typeof value : String(value)
  const error = new TypeError(`connectWebSocket: '${argument}' must be ${remedy}. Received ${shown}`)
  throw Object.assign(error, { argument, code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' })
}
