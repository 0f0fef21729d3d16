import { describe, expect, it } from '@jest/globals'
import { WebSocketState } from 'express-use-websockets'
import type { WebSocketException } from 'express-use-websockets'
import { jsonMessages, sendJson } from 'express-use-websockets/json'
import { openBothOverTcp, openInMemory } from '../support/web-socket-pairs.ts'

const cycle: { self?: unknown } = {}
cycle.self = cycle

const failing = {
  toJSON(): never {
    throw new Error('not today')
  },
}

/** Lists that are nested deeper than `JSON.stringify()` supports before Node 26. */
const deep: unknown = JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000))

describe('sendJson', () => {
  it('sends one text message for a value', async () => {
    const { server, client } = await openBothOverTcp()
    const values = [null, 0, 'text', [1, { a: true }], { date: new Date(0), gone: undefined }]
    for (const value of values) await sendJson(server, value)
    await sendJson(server, 'last', { signal: new AbortController().signal, disableCompression: false })
    const texts: unknown[] = []
    for await (const message of client) {
      texts.push(message)
      if (message === '"last"') break
    }
    expect(texts).toEqual([...values, 'last'].map((value) => JSON.stringify(value)))
  })

  it.each([
    ['undefined', undefined, 'JSON cannot represent undefined'],
    ['a function', () => 1, 'JSON cannot represent function'],
    ['a symbol', Symbol('s'), 'JSON cannot represent symbol'],
    ['a BigInt', { count: 1n }, 'BigInt'],
    ['a cycle', cycle, 'circular'],
    ['a value whose toJSON() throws an error', failing, 'not today'],
  ])('rejects %s, and sends nothing', async (_name, value, why) => {
    const { server, client } = await openBothOverTcp()
    const sent = sendJson(server, value)
    await expect(sent).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', argument: 'value' })
    await expect(sent).rejects.toThrow(why)
    await expect(sent).rejects.toThrow(/^sendJson: the argument 'value' cannot be written as JSON: /)
    expect([server.state, server.bufferedAmount]).toEqual([WebSocketState.Open, 0])
    await sendJson(server, 'next')
    expect((await jsonMessages(client).next()).value).toBe('next')
  })

  it('rejects a value that is nested too deeply, and sends nothing', async () => {
    const { server, client } = await openBothOverTcp()
    const code = await sendJson(server, deep).then(
      () => 'sent',
      (error: WebSocketException) => error.code,
    )
    expect(code).toMatch(/^(?:sent|ERR_WEBSOCKET_INVALID_ARGUMENT)$/)
    await sendJson(server, 'next')
    const messages = jsonMessages(client)
    if (code === 'sent') await messages.next()
    expect((await messages.next()).value).toBe('next')
  })

  it('sends a message uncompressed if the option says so', async () => {
    const { webSocket, peer } = openInMemory({ dangerousDeflateOptions: {} })
    await sendJson(webSocket, 'compressed')
    await sendJson(webSocket, 'secret', { disableCompression: true })
    expect([await peer.nextFrame(), await peer.nextFrame()]).toMatchObject([{ reserved: 4 }, { reserved: 0 }])
  })

  it('can be cancelled by its signal', async () => {
    const { server } = await openBothOverTcp()
    await expect(sendJson(server, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORT_ERR' })
  })

  it('rejects like sendAsync() after the socket has closed', async () => {
    const { server } = await openBothOverTcp()
    server.abort()
    await expect(sendJson(server, 1)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_STATE' })
  })
})
