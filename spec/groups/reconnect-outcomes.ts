/** The output of `scripts/throwing-state-listeners.ts` for a backplane that reconnects although `onUp` and `onDown` throw. */
export const RECONNECT_OUTCOMES = ['up', 'a fault in onUp', 'down', 'a fault in onDown', 'up', 'a fault in onUp']
