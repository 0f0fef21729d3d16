import { ServerResponse } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { endConnectionBehind } from '../http1/http1-last-response.ts'
import { markAsUpgraded } from '../http1/upgraded-request.ts'

/**
 * Hands a request of the `'upgrade'` event to a request listener, with a response as for any request. Node has taken its parser off the
 * connection, so that the response is the last on it.
 */
export function serveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, listener: RequestListener): void {
  markAsUpgraded(request)
  if (head.length > 0) socket.unshift(head)
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  endConnectionBehind(response)
  // Its own listener is gone, too.
  socket.on('error', ignoreError)
  socket.once('close', () => request.destroy())
  listener(request, response)
}

function ignoreError(): void {}
