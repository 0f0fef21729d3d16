import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { splitHeaderList } from '../../handshake/header-list.ts'
import { decideUpgradesOf } from '../http1/node-http-parser-internals.ts'
import { findClaimant } from './claim.ts'
import type { Claim } from './claim.ts'
import { emitRequestTo } from './emit-request-to.ts'
import type { RequestEmitter } from './emit-request-to.ts'
import { serveUpgrade } from './serve-upgrade.ts'

/** What this needs of a server. */
export interface UpgradeServer extends RequestEmitter {
  /** Since Node 22.23 and 24.9: whether an upgrade request goes to the `'upgrade'` listeners, rather than the ordinary way. */
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean
}

/**
 * Passes upgrade requests that an application claims, and those without another listener, to that application as ordinary requests. Node leaves the
 * choice to the server. In versions without `shouldUpgradeCallback`, the parser of each connection is told.
 */
export function routeUpgrades(server: UpgradeServer, claims: readonly Claim[]): void {
  const emit = server.emit.bind(server)
  server.emit = function emitRouted(event: string, ...values: unknown[]): boolean {
    if (event === 'request') return emitRequest(values as Parameters<RequestListener>)
    return (event === 'upgrade' && serveLate(values as UpgradeValues, server)) || emit(event, ...values)
  }
  // Without a listener there is no event.
  server.on('upgrade', onUpgrade)
  server.on('connection', onConnection)
  server.on('secureConnection', onConnection)
  const shouldUpgrade = server.shouldUpgradeCallback
  if (shouldUpgrade !== undefined) {
    server.shouldUpgradeCallback = (request) => !isOrdinary(request, server) && shouldUpgrade.call(server, request)
  }

  /** `this` may be another server: one that hands its connections to servers inside copies its listeners to them. */
  function onConnection(this: UpgradeServer, socket: Socket): void {
    if (this === server && shouldUpgrade !== undefined) return
    decideUpgradesOf(socket, (request) => !isOrdinary(request, this))
  }

  function isOrdinary(request: ClaimedRequest, emitter: RequestEmitter): boolean {
    const app = findClaimant(claims, request)
    request[APP] = app
    return app !== undefined || !hasOtherListeners(emitter) || isForNobody(request)
  }

  function emitRequest(values: Parameters<RequestListener>): boolean {
    const [request]: [ClaimedRequest, ...unknown[]] = values
    const app = request[APP]
    return app === undefined ? emit('request', ...values) : emitRequestTo(app, server, emit, values)
  }

  /** For a connection that came before, or whose parser could not be told: Node has taken its parser off. */
  function serveLate([request, socket, head]: UpgradeValues, emitter: RequestEmitter): boolean {
    // The filter is asked once.
    if (isDecided(request) || !isOrdinary(request, emitter)) return false
    serveUpgrade(request, socket, head, (...values) => void emitRequest(values))
    return true
  }

  function onUpgrade(this: RequestEmitter, ...values: UpgradeValues): void {
    if (this !== server) serveLate(values, this)
  }

  function hasOtherListeners(emitter: RequestEmitter): boolean {
    return emitter.listeners('upgrade').some((listener) => listener !== onUpgrade)
  }
}

type UpgradeValues = [request: IncomingMessage, socket: Socket, head: Buffer]

interface ClaimedRequest extends IncomingMessage {
  [APP]?: RequestListener | undefined
}

const APP = Symbol('claimant')

/** Whether it was decided before the event, by the server or the parser. */
function isDecided(request: ClaimedRequest): boolean {
  return APP in request
}

/**
 * Whether no listener can use the upgrade: `curl` and Java's client offer cleartext HTTP/2 with any request, and a server may ignore that offer
 * (RFC 9113, section 3.1). Any other upgrade may be for a proxy.
 */
function isForNobody({ headers }: IncomingMessage): boolean {
  const protocols = splitHeaderList([headers.upgrade ?? ''])
  return protocols.length > 0 && protocols.every((protocol) => protocol.toLowerCase() === 'h2c')
}
