import { once } from 'node:events'
import http from 'node:http'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import https from 'node:https'
import type { Http2SecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createSelfSignedCertificate } from './self-signed-certificate.ts'

/** A server that listens on a free port of 127.0.0.1. */
export interface Http1Server {
  readonly server: Server
  readonly port: number
  readonly isSecure: boolean
}

/** Starts an HTTP/1.1 server. {@link closeHttp1Servers} ends it and its connections. */
export async function startHttp1Server(listener: RequestListener, options: ServerOptions = {}): Promise<Http1Server> {
  return listenForHttp1(http.createServer(options, listener), false)
}

/** The same over TLS, with a self-signed certificate. */
export async function startHttpsServer(listener: RequestListener, options: ServerOptions = {}): Promise<Http1Server> {
  return listenForHttp1(https.createServer({ ...options, ...createSelfSignedCertificate() }, listener), true)
}

/** Both functions by name, for `describe.each`. */
export const http1Starts = [
  ['http', startHttp1Server],
  ['https', startHttpsServer],
] as const

/** Ends all servers. For `afterEach`. */
export function closeHttp1Servers(): void {
  for (const close of leftovers.splice(0)) close()
}

const leftovers: (() => void)[] = []

/** Makes a server listen, and ends it like the started ones. */
export async function listenForHttp1(server: Server | Http2SecureServer, isSecure: boolean): Promise<Http1Server> {
  const sockets = new Set<Socket>()
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  leftovers.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server: server as Server, port: (server.address() as AddressInfo).port, isSecure }
}
