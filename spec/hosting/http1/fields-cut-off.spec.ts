import { afterEach, describe, expect, it } from '@jest/globals'
import type { RequestListener } from 'node:http'
import express from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts } from '../../support/http1-server.ts'
import { RawHttp1Client, SAMPLE_KEY } from '../../support/raw-http1.ts'

afterEach(closeHttp1Peers)

const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket']
const KEY = [`Sec-WebSocket-Key: ${SAMPLE_KEY}`, 'Sec-WebSocket-Version: 13']
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `X-${index}: x`)

function head(fields: readonly string[]): string {
  return ['GET /ws HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n')
}

describe.each(http1Starts)('server.maxHeadersCount, over %s', (_, start) => {
  /** A server that reports, for each request, whether it is a WebSocket request and which path it has. */
  async function startTelling(isAttached: boolean, maxHeadersCount: number) {
    const reached: string[] = []
    const app = express()
    app.use(useWebSockets())
    app.use(async (request, response) => {
      reached.push(request.url)
      const { isWebSocketRequest, refusal } = request.webSockets
      if (isWebSocketRequest) await request.webSockets.acceptWebSocketAsync()
      else response.send(refusal ?? 'no attempt')
    })
    const server = await start(isAttached ? () => undefined : (app as RequestListener))
    server.server.maxHeadersCount = maxHeadersCount
    if (isAttached) attachWebSockets(server.server, app as RequestListener, { filter: () => true })
    return { server, reached }
  }

  describe.each([
    ['plain', false],
    ['attached', true],
  ] as const)('%s', (_name, isAttached) => {
    it.each<[string, number, readonly string[]]>([
      ['the key', 4, [...UPGRADE, ...KEY]],
      ['the Upgrade header', 4, [...KEY, ...UPGRADE]],
      ['the key, behind 40 others', 40, [...UPGRADE, ...many(40), ...KEY]],
      ['the key, behind 40 others, the last of which are lost', 32, [...UPGRADE, ...many(40), ...KEY]],
      ['only fields that do not belong to the handshake', 10, [...UPGRADE, ...KEY, ...many(20)]],
    ])(
      'may cut off %s, so the request is not taken for a WebSocket request, and the next one is not served',
      async (_what, limit, fields) => {
        const { server, reached } = await startTelling(isAttached, limit)
        const client = await RawHttp1Client.connect(server)
        client.write(head(fields), 'GET /behind HTTP/1.1\r\nHost: a\r\n\r\n')
        const response = await client.receiveResponse()
        await client.end()
        // Newer releases of Node do this themselves.
        if (response.startsWith('HTTP/1.1 431 ')) return
        expect(response).toContain(
          `the request has reached the limit server.maxHeadersCount (${limit}), so header fields may be missing; raise the limit`,
        )
        expect(reached).toEqual(['/ws'])
      },
    )

    it.each([
      ['more fields than the request has', 6],
      ['exactly the fields of the request', 5],
      ['any number of fields', 0],
    ])('has no effect if it allows %s', async (_what, limit) => {
      const client = await RawHttp1Client.connect((await startTelling(isAttached, limit)).server)
      client.write(head([...UPGRADE, ...KEY]))
      expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    })
  })

  it('does not affect a request that is not a handshake, or the next one', async () => {
    const { server, reached } = await startTelling(false, 4)
    const client = await RawHttp1Client.connect(server)
    client.write(head(many(10)), head(many(10)))
    const response = await client.receiveResponse()
    if (response.startsWith('HTTP/1.1 431 ')) return
    expect(response).toMatch(/no attempt$/)
    expect(await client.receiveResponse()).toMatch(/no attempt$/)
    expect(reached).toEqual(['/ws', '/ws'])
  })
})
