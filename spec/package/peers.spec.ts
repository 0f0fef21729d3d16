import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { devDependencies } from '../../package.json'
import { partsOf } from '../docs/documents.ts'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'
import { installAsync, packAsync, runAsync } from './pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'peers-'))
const servers: ChildProcess[] = []

beforeAll(async () => {
  const tarball = await packAsync(mkdtempSync(join(folder, 'tarball-')))
  const peers = ['express-ws@5.0.2', 'tinyws@1.0.0', 'tinyws0@npm:tinyws@0.1.0', 'websocket-express@4.0.1']
  const others = (['express', 'express-session', 'ws'] as const).map(
    (name) => `${name}@${name === 'ws' ? '8.23.0' : devDependencies[name]}`,
  )
  await installAsync(folder, [tarball, ...peers, ...others])
  cpSync(join(__dirname, 'consumers/peers'), folder, { recursive: true })
})

afterEach(() => {
  closeWebSocketClients()
  for (const server of servers.splice(0)) server.kill()
})

afterAll(() => rmSync(folder, { recursive: true }))

/** What the probe finds out about each package: the cells of the table in docs/choosing.md. */
const accepted = { status: 101, field: null, body: '' }
const nothingElse = { http2: false, origins: false, pings: false, maxConnections: false }
const plainWs = {
  sendGives: 'undefined',
  isAsyncIterable: false,
  cookieWith101: null,
  foreignOrigin: 101,
  earlyMessages: 0,
  closeAtShutdown: null,
}

describe('the same probes', () => {
  it.each([
    [
      'express-use-websockets',
      {
        refusal: { status: 401, field: 'Basic', body: 'Log in first' },
        sendGives: 'object',
        isAsyncIterable: true,
        cookieWith101: ['seen=1'],
        foreignOrigin: 101,
        earlyMessages: 3,
        errorIsSeenBy: 'the error handler',
        closeAtShutdown: 1001,
        speaks: { http2: true, origins: true, pings: true, maxConnections: true },
      },
    ],
    ['express-ws', { ...plainWs, refusal: accepted, errorIsSeenBy: 'unhandledRejection', speaks: nothingElse }],
    [
      'tinyws',
      {
        ...plainWs,
        refusal: { status: 401, field: 'Basic', body: 'Log in first' },
        errorIsSeenBy: 'the error handler',
        speaks: nothingElse,
      },
    ],
    [
      'websocket-express',
      {
        ...plainWs,
        refusal: { status: 401, field: null, body: 'Log in first' },
        errorIsSeenBy: 'nobody',
        closeAtShutdown: 1012,
        speaks: nothingElse,
      },
    ],
  ])('show the documented behaviour of %s', async (name, answers) => {
    const { stdout } = await runAsync(process.execPath, ['probe.mjs', name], { cwd: folder })
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual(answers)
  })
})

const session = `import session from 'express-session'
const options = { secret: 'cat', resave: false, saveUninitialized: false }
const sessionParser = session(options)
`

describe('the code before migration in docs/migrating.md', () => {
  it('accepts with express-ws before it can refuse', async () => {
    const port = await startAsync('from-express-ws', `import express from 'express'\nimport expressWs from 'express-ws'\n${session}`)
    const { client } = await openWebSocket({ port, isSecure: false }, '/echo')
    expect(await closeOf(client)).toEqual([1008, ''])
  })

  it.each([
    ['from-tinyws', "import express from 'express'\nimport { tinyws } from 'tinyws0'\nconst app = express()\n"],
    ['from-websocket-express', "import { WebSocketExpress } from 'websocket-express'\n"],
  ])('echoes: %s', async (anchor, prelude) => {
    const { client } = await openWebSocket({ port: await startAsync(anchor, prelude), isSecure: false }, '/echo')
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
  })

  it('refuses with ws alone, with a status and nothing else', async () => {
    const prelude = `import http from 'node:http'\nimport express from 'express'\nimport { WebSocketServer } from 'ws'\n${session}const app = express()\n`
    const port = await startAsync('from-ws-and-serveronupgrade', prelude)
    expect(await refusedWebSocket({ port, isSecure: false })).toMatchObject({ status: 401, headers: {}, body: '' })
  })
})

/** Starts the first code block below a heading of docs/migrating.md on a free port, and resolves with that port. */
async function startAsync(anchor: string, prelude: string): Promise<number> {
  const block = partsOf('docs/migrating.md').find((part) => part.anchor === anchor && part.language === 'js')
  if (block === undefined) throw new Error(`docs/migrating.md has no code block below #${anchor}`)
  const code = block.text.includes('.listen(3000)') ? block.text : `${block.text}\napp.listen(3000)`
  const file = join(folder, `${anchor}.mjs`)
  writeFileSync(file, prelude + code.replace('.listen(3000)', '.listen(0, function () { console.log(this.address().port) })'))
  const server = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(server)
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
  return Number(line)
}
