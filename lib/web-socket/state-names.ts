import { WebSocketState } from './values/web-socket-state.ts'

/** The names of the states, by their numbers. */
export const STATE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(WebSocketState).map(([name, state]) => [state, name]),
)
