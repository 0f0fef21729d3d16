/** Waits until the condition holds, checking it every turn. For conditions without an event. Fails after ten seconds, so that the run can end. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`In vain: ${String(condition)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
