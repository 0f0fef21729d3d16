import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { splitHeaderList } from '../../handshake/header-list.ts'
import { decideUpgradesOf } from '../http1/node-http-parser-internals.ts'
import { findClaimant } from './claim.ts'
import type { Claim } from './claim.ts'
import { emitRequestTo } from './emit-request-to.ts'
import type { RequestEmitter } from './emit-request-to.ts'
import { serveUpgrade } from './serve-upgrade.ts'

/** The required part of a server. */
export interface UpgradeServer extends RequestEmitter {
  /** Since Node 22.23 and 24.9: whether an upgrade request goes to the `'upgrade'` listeners. Otherwise it is an ordinary request. */
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean
}

/**
 * Passes upgrade requests to the application that claims them, as ordinary requests. Without a claim and without another listener, they are ordinary
 * requests too. In Node versions without `shouldUpgradeCallback`, the parser of each connection decides.
 */
export function routeUpgrades(server: UpgradeServer, claims: readonly Claim[]): void {
  const emit = server.emit.bind(server)
  server.emit = function emitRouted(event: string, ...values: unknown[]): boolean {
    if (event === 'request') return emitRequest(values as Parameters<RequestListener>)
    return (event === 'upgrade' && serveLate(values as UpgradeValues, server)) || emit(event, ...values)
  }
  // Node emits `'upgrade'` only if there is a listener.
  server.on('upgrade', onUpgrade)
  server.on('connection', onConnection)
  server.on('secureConnection', onConnection)
  const shouldUpgrade = server.shouldUpgradeCallback
  if (shouldUpgrade !== undefined) {
    server.shouldUpgradeCallback = (request) => !isOrdinary(request, server) && shouldUpgrade.call(server, request)
  }

  /** `this` may be another server: a server that passes its connections to inner servers copies its listeners to them. */
  function onConnection(this: UpgradeServer, socket: Socket): void {
    if (this === server && shouldUpgrade !== undefined) return
    decideUpgradesOf(socket, (request) => !isOrdinary(request, this))
  }

  function isOrdinary(request: ClaimedRequest, emitter: RequestEmitter): boolean {
    const app = findClaimant(claims, request)
    request[APP] = app
    return app !== undefined || !hasOtherListeners(emitter) || isIgnorableUpgrade(request)
  }

  function emitRequest(values: Parameters<RequestListener>): boolean {
    const [request]: [ClaimedRequest, ...unknown[]] = values
    const app = request[APP]
    return app === undefined ? emit('request', ...values) : emitRequestTo(app, server, emit, values)
  }

  /** For a connection from before this call, or with a parser that could not be changed. Node has removed the parser from the connection. */
  function serveLate([request, socket, head]: UpgradeValues, emitter: RequestEmitter): boolean {
    // The filter is called once.
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

/** Whether `shouldUpgradeCallback` or the parser has already decided. */
function isDecided(request: ClaimedRequest): boolean {
  return APP in request
}

/**
 * Whether no listener can use the upgrade. `curl` and Java's client offer cleartext HTTP/2 with any request, and a server may ignore that offer (RFC
 * 9113, section 3.1). Any other upgrade may be for a proxy.
 */
function isIgnorableUpgrade({ headers }: IncomingMessage): boolean {
  const protocols = splitHeaderList([headers.upgrade ?? ''])
  return protocols.length > 0 && protocols.every((protocol) => protocol.toLowerCase() === 'h2c')
}
