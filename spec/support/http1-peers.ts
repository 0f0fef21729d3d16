import { closeHttp1Servers } from './http1-server.ts'
import { closeRawHttp1Clients } from './raw-http1.ts'
import { closeWebSocketClients } from './web-socket-client.ts'

/** Ends every server and client of the specs over HTTP/1. For `afterEach`. */
export function closeHttp1Peers(): void {
  closeWebSocketClients()
  closeRawHttp1Clients()
  closeHttp1Servers()
}
