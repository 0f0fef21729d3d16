/** The error of an invalid argument or option. It has the same `code` and `argument` as a `WebSocketException` of the server. */
export function refusal(argument: string, remedy: string, value?: unknown): TypeError {
  // An object may have no `toString()`, or one that throws.
  const shown = Object(value) === value ? typeof value : String(value)
  const error = new TypeError(`connectWebSocket: '${argument}' must be ${remedy}. Received ${shown}`)
  return Object.assign(error, { argument, code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' })
}
