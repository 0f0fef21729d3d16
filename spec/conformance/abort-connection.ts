import type { Request } from 'express'

/** Cuts the connection of a request, over the head of its WebSocket: .NET's `HttpContext.Abort()`. */
export function abortConnection({ socket }: Request): void {
  socket.resetAndDestroy()
}
