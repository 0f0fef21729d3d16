/** Lets the event loop turn until the condition holds. For what no event tells. Gives up after ten seconds, so that the run can end. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`In vain: ${String(condition)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
