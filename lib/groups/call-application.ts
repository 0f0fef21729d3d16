/** Calls a function of the application. If it throws, the error becomes an uncaught exception, as that of any listener, and the caller goes on. */
export function callApplication<Argument>(callback: ((argument: Argument) => void) | undefined, argument: Argument): void {
  try {
    callback?.(argument)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}
