/** The error of an argument or an option that cannot be used. It has the `code` and the `argument` that a `WebSocketException` of the server has. */
export function refusal(argument: string, remedy: string, value: unknown): TypeError {
  // An object may have a toString that throws, or none.
  const shown = Object(value) === value ? typeof value : String(value)
  const error = new TypeError(`connectWebSocket: '${argument}' must be ${remedy}. Received ${shown}`)
  return Object.assign(error, { argument, code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' })
}
