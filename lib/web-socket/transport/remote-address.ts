import type { PeerAddress, WebSocketTransport } from './web-socket-transport.ts'

/** The address and port of the peer, if known. */
export function remoteAddressOf({ duplex, peer = duplex as PeerAddress }: WebSocketTransport): string | undefined {
  // A socket has both properties, any other stream has neither.
  const { remoteAddress, remotePort } = peer
  if (remoteAddress === undefined) return undefined
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
}
