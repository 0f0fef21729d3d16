import { broadcast } from './broadcast.ts'
import { echo } from './echo.ts'
import { handshake } from './handshake.ts'
import { http2Echo } from './http2-echo.ts'
import { idle } from './idle.ts'
import type { LoadMessage, LoadTask } from './task.ts'
import { upload } from './upload.ts'

/** The load client. It is a separate process, so that its cost does not count as the server's. Its one argument is the task. */
async function main(): Promise<void> {
  // The harness wrote this JSON, and `kind` selects the function for that kind of task.
  const task = JSON.parse(process.argv[2] ?? '') as LoadTask
  const result = await KINDS[task.kind](task as never)
  const message: LoadMessage = { result }
  process.send?.(message, () => process.exit())
}

const KINDS = { broadcast, echo, handshake, 'http2-echo': http2Echo, idle, upload }

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
