import { afterEach, describe, expect, it } from '@jest/globals'
import { createDashboardApp } from '../../samples/dashboard/app.ts'
import { LatestValue } from '../../samples/dashboard/latest-value.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

afterEach(() => {
  closeWebSocketClients()
  closeHttp1Servers()
})

describe('the dashboard sample', () => {
  it('pushes the latest value, and no backlog to a slow client', async () => {
    const latest = new LatestValue()
    const value = (index: number): string => `${index} ${'x'.repeat(100_000)}`
    latest.publish(value(0))
    const server = await startHttp1Server(createDashboardApp(latest))
    const { client } = await openWebSocket(server)
    expect(await nextMessage(client)).toBe(value(0))
    client.pause()
    const published = 500
    for (let index = 1; index <= published; index++) {
      latest.publish(value(index))
      await new Promise(setImmediate)
    }
    client.resume()
    let received = 0
    for (;;) {
      received++
      if ((await nextMessage(client)) === value(published)) break
    }
    expect(received).toBeLessThan(published)
    latest.publish('next')
    expect(await nextMessage(client)).toBe('next')
  })
})
