import { readOptions } from './client-options.ts'
import type { ReconnectingWebSocketOptions } from './client-options.ts'
import { isRetryable, readRetryAfter } from './ended-connection.ts'
import type { EndedConnection } from './ended-connection.ts'
import type { ReconnectingWebSocket, ReconnectingWebSocketState } from './reconnecting-web-socket.ts'
import { runtimeGlobals } from './runtime-globals.ts'
import type { PlainWebSocket, PlainWebSocketEvent } from './runtime-globals.ts'
import { checkData, copyOf, sizeOf } from './sendable-data.ts'
import type { SendableData } from './sendable-data.ts'
import { resolveAddress } from './web-socket-address.ts'
import type { WebSocketAddress } from './web-socket-address.ts'

/**
 * Opens a WebSocket that reconnects. It connects again after each lost connection, until the server sends a close code that rules out a retry, or
 * `close()` is called. It works in pages, Node.js, Deno and Bun, and needs only a WebSocket class.
 *
 * It connects asynchronously, so that the caller can add listeners first. Each message is sent at most once: a message that was on its way when the
 * connection was lost is not sent again.
 *
 * @param address - the address to connect to. A function is called for each attempt, e.g. for a new ticket; if it throws, the attempt has failed.
 * @param options - delays, limits and the protocol. Times are milliseconds, sizes are bytes.
 * @throws `TypeError` with the `code` `ERR_WEBSOCKET_INVALID_ARGUMENT`, and the name of the argument or the option as `argument`.
 * @example
 * ```ts
 * import { connectWebSocket } from 'express-use-websockets/client'
 *
 * const webSocket = connectWebSocket('wss://example.com/ws')
 * webSocket.subscribe('news')
 * for await (const message of webSocket) console.log(message)
 * ```
 */
export function connectWebSocket(
  address: WebSocketAddress | (() => WebSocketAddress | Promise<WebSocketAddress>),
  options: ReconnectingWebSocketOptions = {},
): ReconnectingWebSocket {
  // One function with local variables, not a class with fields: bundlers shorten the names of variables, and the client must be small.
  if (typeof address !== 'function') resolveAddress(address)
  // Aborted by `close()`, or when the client does not reconnect.
  const ended = new AbortController()
  const { signal: endedSignal } = ended
  const {
    baseDelay,
    connectTimeout,
    isPong,
    maxDelay,
    maxQueuedBytes,
    maxQueuedMessages,
    pingInterval,
    pingMessage,
    shouldReconnect,
    signal,
    subProtocols,
    WebSocket,
  } = readOptions(options, endedSignal)
  const queue: (string | Blob)[] = []
  const subscriptions = new Set<() => void>()
  let state: ReconnectingWebSocketState
  let socket: PlainWebSocket | undefined
  // The only timer: for the end of the attempt, the next ping, or the next attempt.
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let openedAt = Infinity
  let queuedBytes = 0
  let isAnswerDue = false
  const completion = defer<Event>()
  let nextMessage = defer<ReceivedMessage>()

  class Client extends EventTarget {
    get state() {
      return state
    }
    get socket() {
      return socket
    }
    completion = completion.promise
    reconnect = reconnect
    close = close

    send(data: SendableData): boolean {
      checkData(data)
      if (isOpen()) {
        socket?.send(data)
        return true
      }
      const size = sizeOf(data)
      if (endedSignal.aborted || queue.length >= maxQueuedMessages || queuedBytes + size > maxQueuedBytes) return false
      queuedBytes += size
      return queue.push(copyOf(data)) > 0
    }

    subscribe(data: SendableData): () => void {
      checkData(data)
      const copy = copyOf(data)
      const ask = (): void => socket?.send(copy)
      subscriptions.add(ask)
      if (isOpen()) ask()
      return () => void subscriptions.delete(ask)
    }

    async *[Symbol.asyncIterator](): AsyncGenerator<string | ArrayBuffer, void, void> {
      let received: ReceivedMessage | undefined
      for (let next = nextMessage; (received = await next.promise); next = received.next) yield received.data
    }
  }
  const client = new Client()

  // Some browsers keep a connection when the network is lost, but it seldom survives.
  for (const type of ['online', 'offline'])
    runtimeGlobals.addEventListener?.(type, () => (type === 'online') !== (state === 'open') && reconnect(), ended)
  signal.addEventListener('abort', () => close(), ended)
  if (signal.aborted) queueMicrotask(close)
  void connect()
  // The class has the members, but not the types of the events.
  return client as unknown as ReconnectingWebSocket

  async function connect(): Promise<void> {
    abandonSocket()
    state = 'connecting'
    const attemptTimer = (timer = setTimeout(() => onEnded(abnormalEnd('connectTimeout')), connectTimeout))
    try {
      // eslint-disable-next-line typescript/await-thenable -- no event of this attempt comes before the caller has added its listeners
      await undefined
      const [url, protocols] = await Promise.all([valueOf(address), valueOf(subProtocols)])
      if (timer !== attemptTimer) return
      listen(new WebSocket(resolveAddress(url), protocols))
    } catch (error) {
      if (timer === attemptTimer)
        onEnded({ ...abnormalEnd(String(error)), error }, typeof address === 'function' || typeof subProtocols === 'function')
    }
  }

  function listen(opening: PlainWebSocket): void {
    socket = opening
    opening.binaryType = 'arraybuffer'
    const on = (type: string, listener: (event: PlainWebSocketEvent) => void): void =>
      opening.addEventListener(type, (event) => {
        // Events of an abandoned socket are ignored.
        if (socket === opening) listener(event)
      })
    on('open', onOpen)
    on('message', ({ data }) => {
      isAnswerDue = false
      if (pingInterval > 0 && isPong(data)) return
      dispatch('message', { data })
      nextMessage.resolve({ data, next: (nextMessage = defer()) })
    })
    on('close', ({ code, reason, wasClean }) => onEnded({ code, reason, wasClean }))
    // A close with 1006 follows, except on Node.js 22 when there was no connection.
    on('error', () => onEnded(abnormalEnd('')))
  }

  function onOpen(): void {
    openedAt = performance.now()
    isAnswerDue = false
    state = 'open'
    clearTimeout(timer)
    startPing()
    for (const ask of subscriptions) ask()
    dispatch('open')
    // A listener may have closed the client or started a new attempt.
    if (isOpen()) {
      queuedBytes = 0
      for (const data of queue.splice(0)) socket?.send(data)
    }
  }

  function startPing(): void {
    if (pingInterval > 0)
      timer = setTimeout(() => {
        if (isAnswerDue) return onEnded(abnormalEnd('No pong'))
        isAnswerDue = true
        socket?.send(pingMessage)
        startPing()
      }, pingInterval)
  }

  function reconnect(): void {
    if (endedSignal.aborted) return
    failures = 0
    if (state === 'open') endConnection(abnormalEnd('reconnect()'), 0)
    else void connect()
  }

  function close(code = 1000, reason = ''): void {
    if (endedSignal.aborted) return
    if (state === 'open') {
      socket?.close(code, reason)
      state = 'closing'
      clearTimeout(timer)
      ended.abort()
    } else endConnection({ code, reason, wasClean: true }, null)
  }

  /** Called when the connection or the attempt has ended. Waits for the next attempt, or closes. */
  function onEnded(end: EndedConnection, byDefault = isRetryable(end)): void {
    if (performance.now() - openedAt >= maxDelay) failures = 0
    // Full jitter, so that the clients of a lost server do not all reconnect at once. The delay that the server asks for is added.
    // https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    // With a delay of 0 and 1,024 failures, the product is NaN.
    const delay = Math.random() * Math.min(maxDelay, baseDelay * 2 ** failures++ || 0) + (readRetryAfter(end.reason) || 0) * 1000
    let willReconnect = byDefault
    try {
      willReconnect = shouldReconnect(end, byDefault, failures)
    } finally {
      // Even if it throws. It may also have called `close()`.
      if (state !== 'closed') endConnection(end, willReconnect && !endedSignal.aborted ? delay : null)
    }
  }

  /** Dispatches the `close` event, which tells whether another attempt follows. */
  function endConnection(end: EndedConnection, retryDelay: number | null): void {
    abandonSocket()
    openedAt = Infinity
    if (retryDelay === null) {
      state = 'closed'
      ended.abort()
    } else {
      state = 'waiting'
      timer = setTimeout(connect, retryDelay)
    }
    const event = dispatch('close', { ...end, attempt: failures, retryDelay })
    if (retryDelay === null) {
      completion.resolve(event)
      nextMessage.resolve()
    }
  }

  /** Stops the timer and abandons the socket. */
  function abandonSocket(): void {
    clearTimeout(timer)
    const leaving = socket
    timer = socket = undefined
    leaving?.close()
  }

  function dispatch(type: string, details?: object): Event {
    const event = Object.assign(new Event(type), details)
    client.dispatchEvent(event)
    return event
  }

  function isOpen(): boolean {
    // After the server's Close frame, a WebSocket drops sent data, some time before its `close` event.
    return state === 'open' && socket?.readyState === 1
  }
}

/** A promise that is resolved from outside. */
interface Deferred<Value> {
  readonly promise: Promise<Value | undefined>
  readonly resolve: (value?: Value) => void
}

function defer<Value>(): Deferred<Value> {
  let resolve: Deferred<Value>['resolve'] | undefined
  const promise = new Promise<Value | undefined>((resolveIt) => {
    resolve = resolveIt
  })
  // The promise has set it already.
  return { promise, resolve: resolve as unknown as Deferred<Value>['resolve'] }
}

/** A message and the next one. Each loop follows the chain at its own speed. The garbage collector frees messages that all loops have passed. */
interface ReceivedMessage {
  readonly data: string | ArrayBuffer
  readonly next: Deferred<ReceivedMessage>
}

function abnormalEnd(reason: string): EndedConnection {
  return { code: 1006, reason, wasClean: false }
}

function valueOf<Value>(value: Value | (() => Value | Promise<Value>)): Value | Promise<Value> {
  // Neither an address nor a list is a function.
  return typeof value === 'function' ? (value as () => Value | Promise<Value>)() : value
}
