import type { Request } from 'express'

/** Aborts the connection of a request without its WebSocket, like `HttpContext.Abort()` in .NET. */
export function abortConnection({ socket }: Request): void {
  socket.resetAndDestroy()
}
