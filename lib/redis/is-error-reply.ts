/** Whether an error is a reply of Redis: such a reply begins with a word in capitals, such as NOPERM. */
export function isErrorReply(error: unknown): boolean {
  return error instanceof Error && /^[A-Z]+ /.test(error.message)
}
