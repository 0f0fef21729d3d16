import { FramePosition, FrameReader } from '../../lib/web-socket/frames/frame-reader.ts'
import { ReceiveIntoBuffer } from '../../lib/web-socket/receiving/receive-into-buffer.ts'
import { ReceiveMessage } from '../../lib/web-socket/receiving/receive-message.ts'
import { RECEIVED } from '../../lib/web-socket/receiving/receive-operation.ts'
import type { ReceiveStep } from '../../lib/web-socket/receiving/receive-operation.ts'
import { WebSocketMessageType } from '../../lib/web-socket/values/web-socket-message-type.ts'
import type { WhatWasRead } from '../support/what-was-read.ts'

/**
 * Reads whole messages.
 * @param chunksAhead - how many chunks arrive, and are read ahead, before the next message is requested.
 */
export function readWhole(chunks: readonly Buffer[], maxMessageSize: number, chunksAhead = 0): WhatWasRead {
  const source = new Source(chunks, maxMessageSize)
  const messages: string[] = []
  for (;;) {
    for (let count = 0; count < chunksAhead; count++) source.arriveAhead()
    const operation = new CollectingMessage(maxMessageSize)
    if (!source.advance((reader) => operation.advance(reader))) return source.result(messages)
    messages.push(operation.message)
  }
}

/** Reads into buffers of the given sizes, in turn. */
export function readByParts(chunks: readonly Buffer[], sizes: readonly number[]): WhatWasRead {
  const source = new Source(chunks, Infinity)
  const messages: string[] = []
  let parts = ''
  for (let turn = 0; ; turn++) {
    const buffer = Buffer.alloc(sizes[turn % sizes.length] ?? 1)
    const operation = new CollectingPart(buffer)
    if (!source.advance((reader) => operation.advance(reader))) return source.result(messages)
    parts += buffer.toString('hex', 0, operation.count)
    if (!operation.endOfMessage) continue
    messages.push(`${operation.messageType === WebSocketMessageType.Text ? 'text' : 'binary'} ${parts}`)
    parts = ''
  }
}

/** A reader and the chunks that have not arrived yet. */
class Source {
  readonly #reader: FrameReader
  readonly #chunks: Buffer[]
  readonly #pings: string[] = []
  readonly #pongs: string[] = []

  constructor(chunks: readonly Buffer[], maxMessageSize: number) {
    this.#chunks = [...chunks]
    this.#reader = new FrameReader(
      { isServer: true, compression: undefined, maxMessageSize },
      {
        onPing: (payload) => void this.#pings.push(payload.toString('hex')),
        onPong: (payload) => void this.#pongs.push(payload.toString('hex')),
      },
    )
  }

  arriveAhead(): void {
    this.#reader.bytes.push(this.#chunks.shift() ?? Buffer.alloc(0))
    this.#reader.readAhead()
  }

  /** Advances until the operation has its result (`true`) or can have none. */
  advance(step: (reader: FrameReader) => ReceiveStep): boolean {
    for (;;) {
      const position = step(this.#reader)
      if (position === RECEIVED) return true
      if (position !== FramePosition.NeedsMore) return false
      const chunk = this.#chunks.shift()
      if (chunk === undefined) return false
      this.#reader.bytes.push(chunk)
    }
  }

  result(messages: readonly string[]): WhatWasRead {
    const { closeFrame, failure } = this.#reader
    return {
      messages,
      pings: this.#pings,
      pongs: this.#pongs,
      end: failure !== undefined ? 'failure' : closeFrame === undefined ? 'more' : 'close',
      closeStatus: failure?.closeStatus ?? closeFrame?.status,
      reason: closeFrame?.description,
      failure: failure?.error.message,
    }
  }
}

class CollectingMessage extends ReceiveMessage {
  message = ''

  override resolve(result: Parameters<ReceiveMessage['resolve']>[0]): void {
    const value = result.value ?? ''
    this.message = typeof value === 'string' ? `text ${Buffer.from(value).toString('hex')}` : `binary ${value.toString('hex')}`
  }
}

class CollectingPart extends ReceiveIntoBuffer {
  count = 0
  endOfMessage = false
  messageType: WebSocketMessageType = WebSocketMessageType.Binary

  override resolve(result: Parameters<ReceiveIntoBuffer['resolve']>[0]): void {
    Object.assign(this, result)
  }
}
