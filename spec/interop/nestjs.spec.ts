import { afterEach, describe, expect, it } from '@jest/globals'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { All, Controller, Module, Req, Res, UseGuards } from '@nestjs/common'
import type { ExecutionContext } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { WsAdapter } from '@nestjs/platform-ws'
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import type { Express, Request, Response } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { WebSocketMiddleware } from 'express-use-websockets'
import { webSocketServerHandler } from 'express-use-websockets/ws'
import { WebSocketServer } from 'ws'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'

const applications: NestExpressApplication[] = []

afterEach(async () => {
  closeWebSocketClients()
  for (const application of applications.splice(0)) await application.close()
})

/*
 * NestJS needs legacy decorators, which the compiler settings of these tests do not support, so they are called as functions.
 * `docs/recipes.md` shows them as an application writes them.
 */

class NameGuard {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<Request>().query['name'] !== undefined
  }
}

class EchoController {
  async echo(request: Request, response: Response): Promise<void> {
    if (!request.webSockets.isWebSocketRequest) {
      response.sendStatus(426)
      return
    }
    await using webSocket = await request.webSockets.acceptWebSocketAsync()
    await webSocket.sendAsync(`hello ${request.query['name'] as string}`)
    for await (const message of webSocket) await webSocket.sendAsync(message)
  }
}

decorateMethod(EchoController, 'echo', [All('echo'), UseGuards(NameGuard)])
Req()(EchoController.prototype, 'echo', 0)
Res()(EchoController.prototype, 'echo', 1)
Controller()(EchoController)

class EventsGateway {
  add(numbers: readonly number[]): { event: string; data: number } {
    return { event: 'sum', data: numbers.reduce((sum, number) => sum + number, 0) }
  }
}

decorateMethod(EventsGateway, 'add', [SubscribeMessage('add')])
MessageBody()(EventsGateway.prototype, 'add', 0)
WebSocketGateway({ path: '/events' })(EventsGateway)

function decorateMethod(type: Function, name: string, decorators: readonly MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name)
  if (descriptor === undefined) throw new Error(`There is no ${name}()`)
  for (const decorate of decorators) decorate(type.prototype as object, name, descriptor)
}

// oxlint-disable-next-line typescript/no-extraneous-class -- NestJS modules are such classes
class ApplicationModule {}

Module({ controllers: [EchoController], providers: [EventsGateway] })(ApplicationModule)

/** A gateway on a route of the application, behind its middleware, as in docs/recipes.md. */
class RouteAdapter extends WsAdapter {
  readonly #application: NestExpressApplication

  constructor(application: NestExpressApplication) {
    super(application)
    this.#application = application
  }

  override create(_port: number, { path = '/' }: { readonly path?: string }): WebSocketServer {
    const webSocketServer = new WebSocketServer({ noServer: true })
    this.bindErrorHandler(webSocketServer)
    const app: Express = this.#application.getHttpAdapter().getInstance()
    app.all(path, webSocketServerHandler(webSocketServer))
    return webSocketServer
  }
}

async function startApplication(webSockets: WebSocketMiddleware): Promise<{ port: number; isSecure: false }> {
  const application = await NestFactory.create<NestExpressApplication>(ApplicationModule, { logger: false })
  applications.push(application)
  application.use(webSockets)
  application.useWebSocketAdapter(new RouteAdapter(application))
  await application.listen(0, '127.0.0.1')
  const server: Server = application.getHttpServer()
  return { port: (server.address() as AddressInfo).port, isSecure: false }
}

describe('in a NestJS application on Express', () => {
  it('a controller accepts, behind its guards', async () => {
    const webSockets = useWebSockets()
    const server = await startApplication(webSockets)
    expect((await refusedWebSocket(server, '/echo')).status).toBe(403)
    const { client } = await openWebSocket(server, '/echo?name=Ada')
    expect(await nextMessage(client)).toBe('hello Ada')
    client.send('again')
    expect(await nextMessage(client)).toBe('again')
    const closed = closeOf(client)
    await webSockets.closeAsync()
    expect(await closed).toEqual([1001, ''])
  })

  it('a controller answers other requests', async () => {
    const { port } = await startApplication(useWebSockets())
    expect((await fetch(`http://127.0.0.1:${port}/echo?name=Ada`)).status).toBe(426)
  })

  it('a gateway exchanges messages, by an adapter that mounts it behind the middleware', async () => {
    const webSockets = useWebSockets({ allowedOrigins: ['https://a.example'] })
    const server = await startApplication(webSockets)
    expect((await refusedWebSocket(server, '/events', { origin: 'https://b.example' })).status).toBe(403)
    const { client } = await openWebSocket(server, '/events', { origin: 'https://a.example' })
    client.send(JSON.stringify({ event: 'add', data: [1, 2, 3] }))
    expect(JSON.parse(await nextMessage(client))).toEqual({ event: 'sum', data: 6 })
    expect(webSockets.connections).toBe(1)
    expect((await fetch(`http://127.0.0.1:${server.port}/events`)).status).toBe(426)
  })

  it('the application closes with its gateways', async () => {
    const server = await startApplication(useWebSockets())
    const { client } = await openWebSocket(server, '/events')
    const closed = closeOf(client)
    await applications.pop()?.close()
    expect((await closed)[0]).toBe(1006)
  })
})
