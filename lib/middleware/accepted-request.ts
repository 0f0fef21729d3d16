import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import { diagnostics } from './diagnostics.ts'
import { failWebSocket } from './fail-web-socket.ts'
import { makeInert } from './inert-response.ts'
import type { ResponseEndListener } from './inert-response.ts'
import { guardRequestSocket } from './request-socket.ts'
import type { SocketDestroyListener } from './request-socket.ts'
import type { WebSocketRequest } from '../hosting/web-socket-request.ts'
import type { Membership } from './member-list.ts'
import type { OpenWebSocket } from './open-web-socket.ts'
import type { WebSocketRegistry } from './web-socket-registry.ts'
import type { CompletionListener } from '../web-socket/values/completion-listener.ts'
import type { WebSocketCompletion } from '../web-socket/values/web-socket-completion.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/**
 * The HTTP side of an accepted WebSocket. It keeps the response unfinished and protects it from other code until the connection has
 * ended. It also registers the socket with its middleware and publishes diagnostics. One object does all this, because it takes less
 * memory than a closure for each task.
 */
export class AcceptedRequest implements CompletionListener, ResponseEndListener, SocketDestroyListener {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #webSocketRequest: WebSocketRequest
  readonly #registry: WebSocketRegistry
  readonly #acceptedAt = performance.now()
  #membership: Membership<OpenWebSocket> | undefined
  #socket: IncomingMessage['socket'] | undefined
  /** Whether the application has destroyed `request.socket` once. */
  #isSocketDestroyed = false
  #isFinished = false

  constructor(request: IncomingMessage, response: ServerResponse, webSocketRequest: WebSocketRequest, registry: WebSocketRegistry) {
    this.#request = request
    this.#response = response
    this.#webSocketRequest = webSocketRequest
    this.#registry = registry
  }

  /** Called once, with the accepted socket and its connection. */
  begin(webSocket: AcceptedWebSocket, duplex: Duplex): void {
    this.#membership = this.#registry.add({ request: this.#request, webSocket })
    diagnostics.accept({ request: this.#request, webSocket })
    makeInert(this.#response, this)
    this.#socket = guardRequestSocket(this.#request, this)
    const accepted: AcceptedDuplex = duplex
    accepted[REQUEST] = this
    // This must be the first listener, so that loggers see a finished response and not an aborted one.
    duplex.prependListener('close', onDuplexClose)
  }

  /** Runs before the connection closes, because tools that count the requests of a connection forget them at its close. */
  onClosing(): void {
    this.#finish(true, true)
  }

  onCompleted(completion: WebSocketCompletion, peerCloseStatus: number): void {
    const request = this.#request
    const membership = this.#membership
    if (membership === undefined) return
    this.#registry.delete(membership)
    const { webSocket } = membership.member
    diagnostics.close({ request, webSocket, completion, peerCloseStatus, duration: performance.now() - this.#acceptedAt })
    if (completion.error !== undefined) diagnostics.error({ request, webSocket, error: completion.error })
  }

  onResponseEnd(): void {
    if (this.#membership !== undefined) void failWebSocket(this.#membership.member.webSocket)
  }

  /** Closes in order first, and aborts if that takes too long. */
  onSocketDestroy(): void {
    if (this.#isSocketDestroyed) this.#membership?.member.webSocket.abort()
    else this.onResponseEnd()
    this.#isSocketDestroyed = true
  }

  /** The connection has ended. */
  onConnectionClosed(): void {
    this.#finish(this.#membership?.member.webSocket.state === WebSocketState.Closed, false)
  }

  /** Does nothing the second time. */
  #finish(wasClean: boolean, isConnectionOpen: boolean): void {
    if (this.#isFinished) return
    this.#isFinished = true
    if (this.#socket !== undefined) this.#request.socket = this.#socket
    this.#webSocketRequest.complete(wasClean, isConnectionOpen)
  }
}

interface AcceptedDuplex extends Duplex {
  [REQUEST]?: AcceptedRequest
}

const REQUEST = Symbol('AcceptedRequest')

function onDuplexClose(this: AcceptedDuplex): void {
  this[REQUEST]?.onConnectionClosed()
}
