import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import type { Express } from 'express'
import { createReadableMessageStream, useWebSockets, webSocketHandler } from 'express-use-websockets'

/** A page at `/`. At `/upload`, takes one file a message, of any size, into a folder; answers each with its name and length. */
export function createUploadApp(folder: string): Express {
  let uploads = 0
  const app = express()
  app.use(useWebSockets())
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all(
    '/upload',
    webSocketHandler(async (webSocket) => {
      for (;;) {
        // A receive without room waits until a message begins. It takes nothing of it, unless the message is empty.
        const { closeStatus, endOfMessage } = await webSocket.receiveAsync(Buffer.alloc(0))
        if (closeStatus !== null) return
        const name = `upload-${++uploads}`
        const file = createWriteStream(join(folder, name))
        // A disk that is slower than the network stops the client, by way of TCP.
        await pipeline(endOfMessage ? Readable.from([]) : createReadableMessageStream(webSocket), file)
        await webSocket.sendAsync(JSON.stringify({ name, bytes: file.bytesWritten }))
      }
    }),
  )
  return app
}
