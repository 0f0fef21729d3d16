import { afterEach, describe, expect, it } from '@jest/globals'
import { MessageDeflater } from '../../../lib/web-socket/compression/message-deflater.ts'

const FRESH = 'f248cdc9c90700'
const REPEATED = 'f200110000'
const AGREED = {
  clientContextTakeover: true,
  clientMaxWindowBits: 15,
  serverContextTakeover: true,
  serverMaxWindowBits: 15,
  threshold: 0,
  level: -1,
}
const deflaters = new Set<MessageDeflater>()

afterEach(() => {
  for (const deflater of deflaters) deflater.dispose()
  deflaters.clear()
})

describe('the context of a deflater', () => {
  it('is kept between messages, and is not shared with other deflaters', () => {
    const [one, other] = [create(), create()]
    expect([hello(one), hello(one), hello(other)]).toEqual([FRESH, REPEATED, FRESH])
  })

  it.each<[string, (deflater: MessageDeflater) => void, boolean]>([
    ['has not been used for half a minute', (deflater) => rest(deflater, 30_000, 60_000), true],
    ['has not been used for less than that', (deflater) => rest(deflater, 30_000, 59_999), false],
    ['was used between two checks', (deflater) => useBetweenLooks(deflater), false],
    ['is in the middle of a message', (deflater) => restInMessage(deflater), false],
  ])('that %s is released, or kept', (_name, pass, isFresh) => {
    const deflater = create()
    hello(deflater)
    pass(deflater)
    expect(hello(deflater) === FRESH).toBe(isFresh)
  })

  it('is released while the thread pool works with it, and the callback is called', async () => {
    const deflater = create()
    const compressed = new Promise<Error | undefined>((resolve) => deflater.compressInPool(Buffer.alloc(100_000), true, resolve))
    deflater.dispose()
    expect(await compressed).toBeUndefined()
  })

  it('calls back with an error if it is released before the thread pool starts its job', async () => {
    const errors = Array.from({ length: 30 }, () => {
      const deflater = create()
      return new Promise<Error | undefined>((resolve) => deflater.compressInPool(Buffer.alloc(100_000), true, resolve))
    })
    for (const deflater of deflaters) deflater.dispose()
    const outcomes = (await Promise.all(errors)).map((error) => error?.message)
    expect(outcomes).toEqual(Array.from({ length: 30 }, (_, index) => (index < 10 ? undefined : 'The WebSocket has ended')))
  })

  it('compresses long messages of many deflaters, regardless of how many are waiting', async () => {
    const lengths = Array.from({ length: 100 }, () => {
      const deflater = create()
      return new Promise<number>((resolve) => deflater.compressInPool(Buffer.alloc(100_000), true, (_error, { length }) => resolve(length)))
    })
    expect(new Set(await Promise.all(lengths)).size).toBe(1)
  })
})

function create(): MessageDeflater {
  const deflater = new MessageDeflater(AGREED, true)
  deflaters.add(deflater)
  return deflater
}

function hello(deflater: MessageDeflater): string {
  return Buffer.from(deflater.compressNow('Hello', true) ?? []).toString('hex')
}

function rest(deflater: MessageDeflater, ...times: readonly number[]): void {
  for (const time of times) deflater.rest(time)
}

function useBetweenLooks(deflater: MessageDeflater): void {
  rest(deflater, 30_000)
  hello(deflater)
  rest(deflater, 60_000)
}

function restInMessage(deflater: MessageDeflater): void {
  deflater.compressNow('Hello', false)
  rest(deflater, 30_000, 60_000, 90_000)
  deflater.compressNow('', true)
}
