/** Lets the event loop turn until the condition holds. For what no event tells; Jest's timeout is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
