import { afterEach, describe, expect, it } from '@jest/globals'
import { createBackgroundServiceApp } from '../../samples/background-service/app.ts'
import { BackgroundSocketProcessor } from '../../samples/background-service/background-socket-processor.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

const processors: BackgroundSocketProcessor[] = []

afterEach(() => {
  for (const processor of processors.splice(0)) processor.stop()
  closeWebSocketClients()
  closeHttp1Servers()
})

describe('the background-service sample', () => {
  it('serves sockets after their routes have returned, and closes them when it stops', async () => {
    const processor = new BackgroundSocketProcessor(20)
    processors.push(processor)
    const server = await startHttp1Server(createBackgroundServiceApp(processor))
    const { client } = await openWebSocket(server)
    for (let times = 0; times < 3; times++) expect(await nextMessage(client)).toMatch(/^\d{4}-\d\d-\d\dT/)
    client.send('hello')
    let answer = ''
    while (!answer.startsWith('You said')) answer = await nextMessage(client)
    expect(answer).toBe('You said: hello')
    const closed = closeOf(client)
    processor.stop()
    expect(await closed).toEqual([1001, 'The service has stopped'])
  })
})
