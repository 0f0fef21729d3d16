import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import type { Express } from 'express'
import { createReadableMessageStream, useWebSockets, webSocketHandler } from 'express-use-websockets'

/**
 * Creates an app with a page at `/`. At `/upload`, it writes each message, of any size, to a file in a folder, and answers with the name and the
 * length of the file.
 */
export function createUploadApp(folder: string): Express {
  let uploads = 0
  const app = express()
  app.use(useWebSockets())
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all(
    '/upload',
    webSocketHandler(async (webSocket) => {
      for (;;) {
        // A receive into an empty buffer waits until a message begins. It reads no data, unless the message is empty.
        const { closeStatus, endOfMessage } = await webSocket.receiveAsync(Buffer.alloc(0))
        if (closeStatus !== null) return
        const name = `upload-${++uploads}`
        const file = createWriteStream(join(folder, name))
        // If the disk is slower than the network, the client must wait (backpressure).
        await pipeline(endOfMessage ? Readable.from([]) : createReadableMessageStream(webSocket), file)
        await webSocket.sendAsync(JSON.stringify({ name, bytes: file.bytesWritten }))
      }
    }),
  )
  return app
}
