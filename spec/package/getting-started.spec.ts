import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:http2'
import { createInterface } from 'node:readline'
import { partsOf, readText } from '../docs/documents.ts'
import { openHttp2WebSocket } from '../support/http2-web-sockets.ts'
import { nextMessage, openWebSocket } from '../support/web-socket-client.ts'
import { packAsync, runAsync } from './pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'getting-started-'))
const servers: ChildProcess[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.kill()
})

afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(async () => {
  const tarball = await packAsync(mkdtempSync(join(folder, 'tarball-')))
  for (const line of blockOf('docs/getting-started.md', 'install').trim().split('\n')) {
    const [command = '', ...words] = line.split(' ')
    await runAsync(
      command,
      words.map((word) => (word === 'express-use-websockets' ? tarball : word)),
      { cwd: folder },
    )
  }
})

describe('docs/getting-started.md, in an empty folder', () => {
  it.each([
    ['docs/getting-started.md', 'a-server', 'server.mts', ['node_modules/.bin/tsx', 'server.mts']],
    ['docs/getting-started.md', 'in-javascript', 'server.mjs', ['server.mjs']],
    ['README.md', 'express-use-websockets', 'readme.mts', ['node_modules/.bin/tsx', 'readme.mts']],
  ])('serves the client with the code of %s#%s', async (document, anchor, file, command) => {
    const port = await startAsync(file, blockOf(document, anchor), command)
    const client = blockOf('docs/getting-started.md', 'a-client').replaceAll(':3000', `:${port}`)
    const { stdout } = await runAsync(
      process.execPath,
      ['-e', `globalThis.WebSocket = require('ws').WebSocket; ${client}; socket.addEventListener('message', () => socket.close())`],
      { cwd: folder },
    )
    expect(stdout).toBe('hello\n')
  })

  it('serves the page that it describes', async () => {
    const code = blockOf('docs/getting-started.md', 'a-server')
    const port = await startAsync('page.mts', code, ['node_modules/.bin/tsx', 'page.mts'])
    const text = await (await fetch(`http://localhost:${port}/ws`)).text()
    expect(readText('docs/getting-started.md')).toContain(`says \`${text}\``)
  })

  it('compiles with the types that it installs', async () => {
    writeFileSync(join(folder, 'typed.mts'), blockOf('docs/getting-started.md', 'a-server'))
    const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--lib', 'es2022,esnext.disposable']
    const compiler = join(__dirname, '../../node_modules/typescript/bin/tsc')
    const commandLine = [compiler, ...options, '--module', 'nodenext', '--types', 'node', 'typed.mts']
    await expect(runAsync(process.execPath, commandLine, { cwd: folder })).resolves.toMatchObject({ stdout: '' })
  })
})

describe('docs/http2.md, in the same folder', () => {
  it('serves both protocols with the certificate that it creates', async () => {
    await runAsync('sh', ['-c', blockOf('docs/http2.md', 'http2', 'sh')], { cwd: folder })
    const port = await startAsync('http2.mts', blockOf('docs/http2.md', 'http2'), ['node_modules/.bin/tsx', 'http2.mts'])
    const { client } = await openWebSocket({ port, isSecure: true })
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    client.terminate()
    const session = connect(`https://localhost:${port}`, { rejectUnauthorized: false })
    await once(session, 'remoteSettings')
    const { webSocket } = await openHttp2WebSocket(session, '/ws')
    await webSocket.closeAsync(1000)
    expect(webSocket.closeStatus).toBe(1000)
    session.destroy()
  })
})

/** The first code block below a heading, of that language if one is given. */
function blockOf(document: string, anchor: string, wanted?: string): string {
  const block = partsOf(document).find(
    ({ anchor: own, language }) => own === anchor && language !== undefined && (wanted ?? language) === language,
  )
  if (block === undefined) throw new Error(`${document} has no code block below #${anchor}`)
  return block.text
}

/** Starts a server on a free port instead of the one in the code, and resolves with that port. */
async function startAsync(file: string, code: string, command: readonly string[]): Promise<number> {
  const onAnyPort = '.listen(0, function () { console.log(this.address().port) })'
  writeFileSync(join(folder, file), code.replace(/\.listen\(\d+\)/, onAnyPort))
  const server = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(server)
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
  return Number(line)
}
