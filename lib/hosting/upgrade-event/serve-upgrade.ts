import { ServerResponse } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { holdUnreadBytes } from '../../web-socket/memory/hold-unread-bytes.ts'
import { endConnectionBehind } from '../http1/http1-last-response.ts'
import { ResponseGate } from '../response-gate.ts'
import { markAsUpgraded } from '../http1/upgraded-request.ts'

/**
 * Hands a request of the `'upgrade'` event to a request listener, with a response as for any request. Node has taken its parser off the
 * connection, so that the response is the last on it.
 */
export function serveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, listener: RequestListener): void {
  markAsUpgraded(request)
  if (head.length > 0) socket.unshift(head)
  const unread = holdUnreadBytes(socket, socket.readableHighWaterMark)
  // A WebSocket reads as it sees fit.
  socket.once('resume', () => unread.stop())
  const response = new ServerResponse(request)
  // Before anything hooks the response.
  ResponseGate.of(response)
  response.assignSocket(socket)
  endConnectionBehind(response)
  // Its own listener is gone, too.
  socket.on('error', ignoreError)
  socket.once('close', () => request.destroy())
  listener(request, response)
}

function ignoreError(): void {}
