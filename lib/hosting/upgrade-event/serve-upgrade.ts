import { ServerResponse } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { holdUnreadBytes } from '../../web-socket/memory/hold-unread-bytes.ts'
import { endConnectionAfter } from '../http1/http1-last-response.ts'
import { ResponseGate } from '../response-gate.ts'
import { markAsUpgraded } from '../http1/upgraded-request.ts'

/**
 * Passes a request of the `'upgrade'` event to a request listener, with a response as for any request. Node has removed its parser from the
 * connection, so the response is the last one on it.
 */
export function serveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, listener: RequestListener): void {
  markAsUpgraded(request)
  if (head.length > 0) socket.unshift(head)
  const unread = holdUnreadBytes(socket, socket.readableHighWaterMark)
  // A WebSocket controls its reads itself.
  socket.once('resume', () => unread.stop())
  const response = new ServerResponse(request)
  // Before other code hooks the response.
  ResponseGate.of(response)
  response.assignSocket(socket)
  endConnectionAfter(response)
  // Node has removed its own error listener, too.
  socket.on('error', ignoreError)
  socket.once('close', () => request.destroy())
  listener(request, response)
}

function ignoreError(): void {}
