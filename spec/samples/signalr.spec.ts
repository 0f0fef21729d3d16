import { afterEach, describe, expect, it } from '@jest/globals'
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr'
import type { HubConnection } from '@microsoft/signalr'
import { createSignalrApp } from '../../samples/signalr/app.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'

const connections: HubConnection[] = []

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.stop()
  closeHttp1Servers()
})

async function connect(port: number, skipNegotiation = false): Promise<HubConnection> {
  const connection = new HubConnectionBuilder()
    .withUrl(`http://127.0.0.1:${port}/chat`, skipNegotiation ? { skipNegotiation, transport: HttpTransportType.WebSockets } : {})
    .configureLogging(LogLevel.None)
    .build()
  connections.push(connection)
  return connection
}

describe("the signalr sample, with Microsoft's client", () => {
  it.each([
    ['with', false],
    ['without', true],
  ])('answers invocations, reports errors, and calls every client, %s negotiation', async (_word, skipNegotiation) => {
    const { port } = await startHttp1Server(createSignalrApp())
    const [alice, bob] = [await connect(port, skipNegotiation), await connect(port, skipNegotiation)]
    const received = [alice, bob].map(
      (connection) => new Promise((resolve) => connection.on('ReceiveMessage', (...message) => resolve(message))),
    )
    await Promise.all([alice.start(), bob.start()])
    expect(await alice.invoke('Add', 1, 2)).toBe(3)
    await expect(alice.invoke('NoSuchMethod')).rejects.toThrow("Unknown hub method 'NoSuchMethod'")
    await expect(alice.invoke('constructor')).rejects.toThrow("Unknown hub method 'constructor'")
    await bob.send('SendMessage', 'bob', 'hello')
    expect(await Promise.all(received)).toEqual([
      ['bob', 'hello'],
      ['bob', 'hello'],
    ])
  })
})
