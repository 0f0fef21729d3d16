import type { IncomingMessage } from 'node:http'

/** Is notified when the application destroys the socket of its request. */
export interface SocketDestroyListener {
  onSocketDestroy(): void
}

/**
 * Replaces `request.socket` of an accepted WebSocket with a proxy. Its `destroy()` does not end the connection but notifies the listener.
 * Otherwise the client would see no Close frame: when a response has begun, Express's default error handler destroys the socket.
 * `resetAndDestroy()` still aborts the connection, because no error handler calls it.
 * @returns the original socket, to be restored when the WebSocket has completed.
 */
export function guardRequestSocket(request: IncomingMessage, listener: SocketDestroyListener): IncomingMessage['socket'] {
  const { socket } = request
  const guarded: GuardedSocket = socket
  guarded[LISTENER] = listener
  request.socket = new Proxy(guarded, HANDLER)
  return socket
}

type GuardedSocket = IncomingMessage['socket'] & { [LISTENER]?: SocketDestroyListener }

const LISTENER = Symbol('SocketDestroyListener')

/** All sockets share it. Methods keep the original `this`: an HTTP/2 stream has private fields, which a proxy does not have. */
const HANDLER: ProxyHandler<GuardedSocket> = {
  get(socket, key) {
    if (key === 'destroy' || key === 'destroySoon') return () => destroyInOrder(socket)
    const value: unknown = Reflect.get(socket, key, socket)
    return typeof value === 'function' && key !== 'constructor' ? value.bind(socket) : value
  },
}

function destroyInOrder(socket: GuardedSocket): GuardedSocket {
  socket[LISTENER]?.onSocketDestroy()
  return socket
}
