import { createServer } from 'node:net'
import { listen } from './listen.mjs'

// Not a WebSocket server: it discards what it receives, so the memory that it uses is Node's own.
const HEAD = 'HTTP/1.1 101 Switching Protocols\r\n\r\n'
const FRAME_HEADER = 14
const ANSWER = Buffer.from([0x81, 0x01, 0x31])

listen(
  createServer((socket) => {
    socket.once('data', () => {
      let expected = FRAME_HEADER + 2 ** 30
      socket.on('data', (bytes) => {
        expected -= bytes.length
        if (expected === 0) socket.write(ANSWER)
      })
      socket.write(HEAD)
    })
    socket.on('error', () => undefined)
  }),
)
