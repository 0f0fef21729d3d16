import type { Writable } from 'node:stream'
import * as ws from 'ws'
import type { WhatWasRead } from './what-was-read.ts'

// The types of ws do not declare this export.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }

/** Reads a stream with the `Receiver` of ws, by default in the role of a server. It unmasks the chunks in place. */
export async function readWithWs(
  chunks: readonly Buffer[],
  maxPayload: number,
  options: object = { isServer: true },
): Promise<WhatWasRead> {
  const messages: string[] = []
  const pings: string[] = []
  const pongs: string[] = []
  let closeStatus: number | undefined
  let reason: string | undefined
  let failure: string | undefined
  const receiver = new Receiver({ ...options, maxPayload })
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push(`${isBinary ? 'binary' : 'text'} ${data.toString('hex')}`))
  receiver.on('ping', (payload: Buffer) => pings.push(payload.toString('hex')))
  receiver.on('pong', (payload: Buffer) => pongs.push(payload.toString('hex')))
  receiver.on('conclude', (code: number, payload: Buffer) => {
    closeStatus = code
    reason = payload.toString()
  })
  receiver.on('error', (error) => {
    failure = error.message
    closeStatus = statusCodeOf(error)
  })
  for (const chunk of chunks) {
    if (closeStatus !== undefined) break
    await new Promise((resolve) => void receiver.write(chunk, resolve))
    // The receiver emits its error after the callback.
    await Promise.resolve()
    if (receiver.errored !== null) await new Promise(setImmediate)
  }
  const end = failure !== undefined ? 'failure' : closeStatus === undefined ? 'more' : 'close'
  return { messages, pings, pongs, end, closeStatus, reason, failure }
}

/** The close code for the error, a property with a symbol as its key. */
function statusCodeOf(error: object): number | undefined {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code')
  const code: unknown = symbol === undefined ? undefined : Reflect.get(error, symbol)
  return typeof code === 'number' ? code : undefined
}
