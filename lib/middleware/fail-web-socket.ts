import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import { WebSocketCloseStatus } from '../web-socket/values/web-socket-close-status.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/** Closes with 1011 (the application has failed) if a Close frame can still be sent. Resolves when the socket has completed. */
export async function failWebSocket(webSocket: AcceptedWebSocket): Promise<void> {
  const { state } = webSocket
  if (state === WebSocketState.Open || state === WebSocketState.CloseReceived) {
    // If the peer does not answer, the socket aborts itself.
    await webSocket.closeAsync(WebSocketCloseStatus.InternalServerError).catch(ignoreError)
  } else {
    webSocket.dispose()
  }
  await webSocket.completion
}

function ignoreError(): void {}
