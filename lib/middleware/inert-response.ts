import type { ServerResponse } from 'node:http'
import { callBack } from '../hosting/response-gate.ts'

/** Who hears that the application ends an inert response. */
export interface ResponseEndListener {
  /** Something ends the response, as error handlers do: the pipeline is through, or has failed. */
  onResponseEnd(): void
}

/**
 * Makes the response of an accepted WebSocket inert, for good: what `node:http` can do to a response does nothing any more, throws nothing,
 * returns what it always returns, and calls its callbacks back. Everything that Express adds comes down to these methods, but `sendFile()`,
 * which fails by itself where a head was sent.
 */
export function makeInert(response: ServerResponse, listener: ResponseEndListener): void {
  const inert = response as unknown as InertResponse
  inert[LISTENER] = listener
  // Not by the prototype, which Express replaces whenever a request enters or leaves a mounted application. One by one, since V8 makes a
  // dictionary of an object that gets as many properties in a loop.
  inert.end = end
  inert.write = write
  inert.destroy = destroy
  inert.writeHead = returnThis
  inert.setHeader = returnThis
  inert.setHeaders = returnThis
  inert.appendHeader = returnThis
  inert.removeHeader = ignore
  inert.flushHeaders = ignore
  inert.addTrailers = ignore
  inert.writeContinue = ignoreAndCallBack
  inert.writeProcessing = ignoreAndCallBack
  inert.writeEarlyHints = ignoreAndCallBack
  inert.cork = ignore
  inert.uncork = ignore
  inert.setTimeout = returnThis
  inert.pipe = ignore
  inert.assignSocket = ignore
  inert.detachSocket = ignore
  // What not every Node or Express has.
  if (inert.writeHeader !== undefined) inert.writeHeader = returnThis
  if (inert.writeInformation !== undefined) inert.writeInformation = ignoreAndCallBack
  if (inert.sendFile !== undefined) inert.sendFile = sendFile
  if (inert.sendfile !== undefined) inert.sendfile = sendFile
}

type Method = (...values: readonly unknown[]) => unknown

interface InertResponse extends Record<InertMethod, Method>, Partial<Record<InertMethodOfSome, Method>> {
  [LISTENER]?: ResponseEndListener
}

type InertMethod =
  | 'addTrailers'
  | 'appendHeader'
  | 'assignSocket'
  | 'cork'
  | 'destroy'
  | 'detachSocket'
  | 'end'
  | 'flushHeaders'
  | 'pipe'
  | 'removeHeader'
  | 'setHeader'
  | 'setHeaders'
  | 'setTimeout'
  | 'uncork'
  | 'write'
  | 'writeContinue'
  | 'writeEarlyHints'
  | 'writeHead'
  | 'writeProcessing'

type InertMethodOfSome = 'sendFile' | 'sendfile' | 'writeHeader' | 'writeInformation'

const LISTENER = Symbol('ResponseEndListener')

// The same functions for all responses.

function end(this: InertResponse, ...values: readonly unknown[]): InertResponse {
  callBack(values)
  this[LISTENER]?.onResponseEnd()
  return this
}

function destroy(this: InertResponse): InertResponse {
  this[LISTENER]?.onResponseEnd()
  return this
}

function sendFile(this: InertResponse, ...values: readonly unknown[]): void {
  callBack(values)
  this[LISTENER]?.onResponseEnd()
}

function write(...values: readonly unknown[]): true {
  callBack(values)
  return true
}

function returnThis(this: InertResponse): InertResponse {
  return this
}

function ignore(): void {}

function ignoreAndCallBack(...values: readonly unknown[]): void {
  callBack(values)
}
