/** The accept loop of the README, on the Express version of the argument, with clients that disconnect in every abrupt way. Prints `alive`. */
import { once } from 'node:events'
import { useWebSockets } from 'express-use-websockets'
import type { Request, Response } from 'express'
import { expressVersions } from '../../support/express-versions.ts'
import { startHttp1Server } from '../../support/http1-server.ts'
import { rawFrame } from '../../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'
import { closeOf, nextMessage, openWebSocket } from '../../support/web-socket-client.ts'

async function main(): Promise<void> {
  const [, express] = expressVersions.find(([name]) => name === process.argv[2]) ?? []
  if (express === undefined) throw new Error('Which Express?')
  const webSockets = useWebSockets()
  const app = express()
  app.use(webSockets)
  app.all('/ws', async (req: Request, res: Response) => {
    if (!req.webSockets.isWebSocketRequest) {
      res.sendStatus(400)
      return
    }
    await using webSocket = await req.webSockets.acceptWebSocketAsync()
    for await (const message of webSocket) await webSocket.sendAsync(message)
  })
  const server = await startHttp1Server(app)

  const { client: terminating } = await openWebSocket(server)
  terminating.send('hello')
  await nextMessage(terminating)
  terminating.terminate()

  const resetting = await RawHttp1Client.connect(server)
  resetting.write(handshakeHead())
  await resetting.receiveHead()
  resetting.socket.resetAndDestroy()

  const ending = await RawHttp1Client.connect(server)
  ending.write(handshakeHead())
  await ending.receiveHead()
  ending.write(rawFrame(1, 'half a message').subarray(0, 10))
  ending.socket.end()

  const talkingRubbish = await RawHttp1Client.connect(server)
  talkingRubbish.write(handshakeHead())
  await talkingRubbish.receiveHead()
  talkingRubbish.write(Buffer.from([1, 2, 3]))
  await once(talkingRubbish.socket, 'end')
  talkingRubbish.socket.end()

  const { client: talkingTooLong } = await openWebSocket(server)
  talkingTooLong.send(Buffer.alloc(17 * 1024 * 1024))
  await closeOf(talkingTooLong)

  await until(() => webSockets.connections === 0)
  // An unhandledRejection ends the process after the microtasks of a turn.
  await new Promise((resolve) => void setTimeout(resolve, 20))
  process.stdout.write('alive')
  process.exit()
}

void main()
