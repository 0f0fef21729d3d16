import type { ServerResponse } from 'node:http'
import { callBack } from '../hosting/response-gate.ts'

/** Is notified when the application ends an inert response. */
export interface ResponseEndListener {
  /** Some code, such as an error handler, ends the response: the pipeline has finished or failed. */
  onResponseEnd(): void
}

/**
 * Makes the response of an accepted WebSocket permanently inert. The `node:http` methods of the response have no effect and throw nothing.
 * They return their usual values and call their callbacks. The methods of Express use these methods, except `sendFile()`, which fails by
 * itself after a head was sent.
 */
export function makeInert(response: ServerResponse, listener: ResponseEndListener): void {
  const inert = response as unknown as InertResponse
  inert[LISTENER] = listener
  // The methods are not on the prototype, because Express replaces it whenever a request enters or leaves a mounted application. They are
  // set one by one, because V8 turns an object into a dictionary if a loop adds this many properties.
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
  // Methods that not every version of Node or Express has.
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

// All responses share these functions.

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
