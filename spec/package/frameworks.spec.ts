import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installAsync, runAsync } from './pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'frameworks-'))

beforeAll(async () => {
  const frameworks = [
    '@fastify/websocket@11.3.7',
    'fastify@5',
    '@hono/node-server@2.1.9',
    'hono@4.13.19',
    'crossws@0.4.17',
    'bun@1.4.5',
    'ws@8',
  ]
  await installAsync(folder, frameworks)
  // It puts Bun's binary, which npm has installed, where the command is.
  await runAsync(process.execPath, ['install.js'], { cwd: join(folder, 'node_modules/bun') })
  cpSync(join(__dirname, 'consumers/frameworks'), folder, { recursive: true })
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('other frameworks', () => {
  it('behave as the table in docs/choosing.md says', async () => {
    const { stdout } = await runAsync(process.execPath, ['probe.mjs'], { cwd: folder })
    const refused = { status: 401, field: 'Basic', body: 'Log in first' }
    expect(JSON.parse(stdout)).toEqual({
      fastify: { refused, cookie: null, early: 0, closeAtShutdown: 1005 },
      hono: { refused: { ...refused, body: '' }, cookie: null, early: 3, closeAtShutdown: 'stays open' },
      crossws: { refused, cookie: ['seen=1'], early: 3, closeAtShutdown: 1001, published: 'published' },
      bun: { refused, cookie: ['seen=1'], early: 3, closeAtShutdown: 1001, published: 'published', silence: 1006 },
    })
  })
})
