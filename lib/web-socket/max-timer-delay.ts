/** The longest delay of a Node timer, in milliseconds; a longer one would fire at once. */
export const MAX_TIMER_DELAY = 2 ** 31 - 1
