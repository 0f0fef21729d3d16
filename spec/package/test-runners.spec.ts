import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partsOf } from '../docs/documents.ts'
import { installAsync, packAsync, runAsync } from './pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'test-runners-'))

beforeAll(async () => {
  const tarball = await packAsync(folder)
  await installAsync(folder, [tarball, 'express', 'jest', 'typescript', 'vitest', 'ws'])
  const imports = "const express = require('express')\nconst { useWebSockets, webSocketHandler } = require('express-use-websockets')"
  writeFileSync(join(folder, 'app.js'), blockOf('testing', 1).replace("import express from 'express'", imports))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the tests of docs/testing.md, in an empty folder', () => {
  it.each([
    ['vitest', 'with-vitest', 'vitest.test.ts', 'npx', ['vitest', 'run', 'vitest'], /Tests .*2 passed/],
    ['jest', 'with-jest', 'jest.test.js', 'npx', ['jest', 'jest.test'], /Tests: +1 passed/],
    ['node:test', 'with-nodetest', 'node.mjs', process.execPath, ['--test', 'node.mjs'], /pass 1\n/],
    ['node:test and a server', 'with-a-server-of-your-own', 'own.mjs', process.execPath, ['--test', 'own.mjs'], /pass 1\n/],
  ])('pass, and the process ends: %s', async (_runner, anchor, file, command, words, expected) => {
    writeFileSync(join(folder, file), blockOf(anchor))
    const { stdout, stderr } = await runAsync(command, words, { cwd: folder, timeout: 60_000 })
    expect(stdout + stderr).toMatch(expected)
    expect(stdout + stderr).not.toContain('did not exit')
  })
})

/** A code block below a heading. */
function blockOf(anchor: string, index = 0): string {
  const blocks = partsOf('docs/testing.md').filter((part) => part.anchor === anchor && part.language !== undefined)
  return blocks[index]?.text ?? ''
}
