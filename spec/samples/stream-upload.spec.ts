import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createUploadApp } from '../../samples/stream-upload/app.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

describe('the stream-upload sample', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'upload-spec-'))
  })

  afterEach(() => {
    closeWebSocketClients()
    closeHttp1Servers()
    rmSync(folder, { recursive: true })
  })

  it('writes each message to its own file, byte for byte', async () => {
    const server = await startHttp1Server(createUploadApp(folder))
    const { client } = await openWebSocket(server, '/upload')
    const files = [randomBytes(5_000_000), Buffer.alloc(0), randomBytes(10)]
    for (const file of files) client.send(file)
    for (const [index, file] of files.entries()) {
      expect(JSON.parse(await nextMessage(client))).toEqual({ name: `upload-${index + 1}`, bytes: file.length })
      const written = readFileSync(join(folder, `upload-${index + 1}`))
      expect(createHash('sha256').update(written).digest('hex')).toBe(createHash('sha256').update(file).digest('hex'))
    }
    client.close(1000)
    expect(await closeOf(client)).toEqual([1000, ''])
  })
})
