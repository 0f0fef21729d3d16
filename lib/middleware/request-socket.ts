import type { IncomingMessage } from 'node:http'

/** Who hears that the application destroys the socket of its request. */
export interface SocketDestroyListener {
  onSocketDestroy(): void
}

/**
 * Lets `request.socket` stand for the connection of an accepted WebSocket, in everything but its end: that is the listener's to bring about.
 * Express's default error handler answers a response that was begun by destroying that socket, and the client would see no Close frame.
 * `resetAndDestroy()` is nobody's answer, and cuts.
 * @returns the socket itself, to be put back when the WebSocket has completed.
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

/** The same for all sockets. Methods keep their socket: those of a stream of HTTP/2 have private fields, which a proxy does not have. */
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
