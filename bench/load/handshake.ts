import { connect } from './connect.ts'
import { CLOSE, FrameWalker } from './frames.ts'
import { measure } from './measure.ts'
import type { HandshakeTask, LoadResult } from './task.ts'

/** Connects, does both handshakes, and starts again, on several connections at a time. */
export async function handshake(task: HandshakeTask): Promise<LoadResult> {
  let count = 0
  const loop = async (): Promise<never> => {
    for (;;) {
      await open(task)
      count++
    }
  }
  const loops = Array.from({ length: task.connections }, loop)
  return Promise.race([measure(task, () => count), ...loops])
}

/** Does the opening and the closing handshake, and waits until the server ends the connection. */
async function open({ port, path }: HandshakeTask): Promise<void> {
  const connection = await connect(port, path)
  const walker = new FrameWalker()
  connection.onBytes = (bytes) => walker.walk(bytes)
  connection.socket.write(CLOSE)
  await new Promise<void>((resolve, reject) => {
    connection.socket.once('close', () => (walker.isClosed ? resolve() : reject(new Error('The server did not answer the Close frame'))))
  })
}
