import type { OperationArgument } from './scenario.ts'

/** The data of an operation: `hex:...` means these bytes, `size:N` N zero bytes, and `null` nothing. Any other string means its UTF-8. */
export function toData(argument: OperationArgument | undefined): Buffer {
  if (typeof argument !== 'string') return Buffer.alloc(0)
  if (argument.startsWith('hex:')) return Buffer.from(argument.slice(4), 'hex')
  if (argument.startsWith('size:')) return Buffer.alloc(Number(argument.slice(5)))
  return Buffer.from(argument)
}
