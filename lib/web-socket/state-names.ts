import { WebSocketState } from './values/web-socket-state.ts'

/** The name of each state, by its number. */
export const STATE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(WebSocketState).map(([name, state]) => [state, name]),
)
