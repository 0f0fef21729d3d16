import { once } from 'node:events'
import { connect } from './connect.ts'
import { FrameWalker } from './frames.ts'
import type { LoadResult, UploadTask } from './task.ts'

/** Sends one message in one frame. The server answers with a short message when it has received all of it. Counts bytes. */
export async function upload(task: UploadTask): Promise<LoadResult> {
  const { socket, ...connection } = await connectTo(task)
  process.send?.('ready')
  await once(process, 'message')
  process.send?.('begin')
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  const header = Buffer.alloc(14)
  header[0] = 0x82
  header[1] = 0xff
  header.writeBigUInt64BE(BigInt(task.size), 2)
  header.set([0x12, 0x34, 0x56, 0x78], 10)
  socket.write(header)
  const chunk = Buffer.alloc(65_536, 0x61)
  for (let sent = 0; sent < task.size; sent += chunk.length) {
    if (!socket.write(chunk.subarray(0, Math.min(chunk.length, task.size - sent)))) await once(socket, 'drain')
  }
  await connection.answered
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { count: task.size, seconds, clientLoad: (user + system) / 1e6 / seconds }
}

async function connectTo(task: UploadTask): Promise<{ socket: NodeJS.WritableStream; answered: Promise<void> }> {
  const connection = await connect(task.port, task.path)
  const walker = new FrameWalker()
  const answered = new Promise<void>((resolve) => {
    connection.onBytes = (bytes) => {
      walker.walk(bytes)
      if (walker.messages > 0) resolve()
    }
  })
  return { socket: connection.socket, answered }
}
