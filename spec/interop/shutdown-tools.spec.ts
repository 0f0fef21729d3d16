import { afterEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import express from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import stoppable from 'stoppable'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { listenForHttp1 } from '../support/http1-server.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { closeOf, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

const leftovers: (() => void)[] = []

afterEach(() => {
  closeHttp1Peers()
  for (const end of leftovers.splice(0)) end()
})

const tools = [
  'stoppable',
  'http-terminator',
  'http-graceful-shutdown',
  '@godaddy/terminus',
  '@godaddy/terminus with health checks',
] as const

function start(...scriptArguments: string[]) {
  const child = spawn(process.execPath, ['-r', 'esbuild-register', 'spec/interop/scripts/shutdown-tools.ts', ...scriptArguments], {
    cwd: join(__dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  leftovers.push(() => child.kill('SIGKILL'))
  return { child, lines: createInterface(child.stdout), errors: text(child.stderr), exit: once(child, 'exit') }
}

describe.each(tools)('%s', (tool) => {
  it.each(['plain', 'attached'].flatMap((serving) => ['nothing', 'closeAsync()'].map((hook) => [serving, hook] as const)))(
    'closes the WebSockets of live and of frozen clients, and ends the process: %s, with %s in its hook',
    async (serving, hook) => {
      const { child, lines, errors, exit } = start(tool, serving, hook)
      const [port] = (await once(lines, 'line')) as [string]
      const address = { isSecure: false, port: Number(port) }
      const { client } = await openWebSocket(address)
      client.send('hello')
      expect(await nextMessage(client)).toBe('hello')
      const frozen = await RawHttp1Client.connect(address)
      frozen.write(handshakeHead())
      await frozen.receiveHead()
      frozen.socket.pause()

      const closing = closeOf(client)
      const closed = once(lines, 'line')
      child.kill('SIGTERM')
      const [code] = await closing
      expect(code).toBe(hook === 'nothing' ? 1006 : 1001)
      expect(await closed).toEqual(['closed'])
      expect(await exit).toEqual([0, null])
      expect(await errors).toBe('')
      frozen.socket.resume()
      expect(await frozen.end()).toMatch(/^(fin|ECONNRESET)$/)
    },
  )
})

describe('stoppable', () => {
  it.each(['plain', 'attached'].flatMap((serving) => [[serving, 'ManagedWebSocket'] as const, [serving, 'ws'] as const]))(
    'keeps no reference to a closed WebSocket: %s, %s',
    async (serving, kind) => {
      const app = express()
      app.use(useWebSockets())
      app.all('/ws', async (req) => {
        if (kind === 'ws') await acceptWsWebSocketAsync(req)
        else for await (const _ of await req.webSockets.acceptWebSocketAsync()) continue
      })
      const server = stoppable(http.createServer(app))
      if (serving === 'attached') {
        server.on('upgrade', () => undefined)
        attachWebSockets(server, app, { filter: () => true })
      }
      const { _pendingSockets: pending } = server as unknown as { readonly _pendingSockets: ReadonlyMap<object, number> }
      const { client } = await openWebSocket(await listenForHttp1(server, false))
      expect(pending.size).toBe(1)
      const [connection] = pending.keys()
      const closed = once(connection as Socket, 'close')
      client.close(1000)
      await closed
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
      expect(pending.size).toBe(0)
    },
  )
})
