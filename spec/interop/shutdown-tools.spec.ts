import { afterEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { closeHttp1Peers } from '../support/http1-peers.ts'
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
    'ends the WebSockets of clients that cooperate and that are frozen, and the process: %s, with %s in its hook',
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
