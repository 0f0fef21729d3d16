import type { ManagedWebSocket, WebSocketReceiveResult } from 'express-use-websockets'

/** Echoes each part until the peer's Close frame, and answers that with the same code, like the sample of the ASP.NET Core documentation. */
export async function echo(
  socket: ManagedWebSocket,
  size: number,
): Promise<Pick<WebSocketReceiveResult, 'closeStatus' | 'closeStatusDescription'>> {
  const buffer = Buffer.alloc(size)
  for (;;) {
    const { count, messageType, endOfMessage, closeStatus, closeStatusDescription } = await socket.receiveAsync(buffer)
    if (closeStatus !== null) {
      await socket.closeAsync(closeStatus, closeStatusDescription)
      return { closeStatus, closeStatusDescription }
    }
    await socket.sendAsync(buffer.subarray(0, count), messageType, endOfMessage)
  }
}
