import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { findCodeBlocks } from './code-blocks.ts'
import type { CodeBlock } from './code-blocks.ts'
import { decisions } from './decisions.ts'
import type { Decision } from './decisions.ts'
import { root } from './documents.ts'
import { toModule } from './example-module.ts'
import { closeListening } from './listening.ts'
import type { Example } from './stage.ts'

const blocks = findCodeBlocks()

// Inside the project, so that packages are found.
const folder = mkdtempSync(join(root, '.code-blocks-'))

afterAll(() => {
  rmSync(folder, { recursive: true })
  // Jest prints no titles when it runs several files, so print the reasons here.
  for (const { place } of blocks)
    for (const [, reason] of reasonFor(place, decisions[place])) process.stderr.write(`not run: ${place}: ${reason}\n`)
})

afterEach(() => {
  closeHttp1Peers()
  closeListening()
})

describe('the code blocks of the documents and doc comments', () => {
  it('all have a decision, and every decision has a code block', () => {
    expect(Object.keys(decisions).toSorted()).toEqual(blocks.map(({ place }) => place).toSorted())
  })
})

const compiled = blocks.filter(({ language, place }) => language === 'ts' || isRun(decisions[place]))

describe('the TypeScript of the documents and doc comments', () => {
  let output = ''

  beforeAll(async () => {
    for (const block of compiled) writeFileSync(fileOf(block), toModule(block, insteadOf(decisions[block.place])))
    const compilerOptions = {
      // NestJS uses the legacy decorators.
      experimentalDecorators: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noImplicitReturns: false,
    }
    const include = ['*.ts']
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include, exclude: [] }))
    await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder]).catch((error: { readonly stdout: string }) => {
      output = error.stdout
    })
  })

  it.each(compiled.map((block) => [block.place, block] as const))('compiles: %s', (_place, block) => {
    const mistakes = output.split('\n').filter((line) => line.includes(nameOf(block)))
    expect(mistakes).toEqual([])
  })

  it('is compiled by this test', () => {
    expect(compiled.length).toBeGreaterThan(40)
    expect(output.split('\n').filter((line) => /error/.test(line) && !/block-\d+\.ts/.test(line))).toEqual([])
  })

  it.each(blocks.flatMap((block) => runnable(block, decisions[block.place])))('runs: %s', async (_place, block, proof) => {
    expect.hasAssertions()
    const { example } = (await import(fileOf(block))) as { readonly example: Example }
    await proof(async (given = {}) => example(given))
  })

  // eslint-disable-next-line jest/no-disabled-tests -- the title has the reason
  it.skip.each(blocks.flatMap(({ place }) => reasonFor(place, decisions[place])))('does not run: %s: %s', (place) =>
    expect(place).toBe('run'),
  )
})

function isRun(decision: Decision | undefined): boolean {
  return decision !== undefined && !('cannotRun' in decision)
}

function insteadOf(decision: Decision | undefined): Readonly<Record<string, string>> {
  return decision !== undefined && 'instead' in decision ? decision.instead : {}
}

function runnable(
  block: CodeBlock,
  decision: Decision | undefined,
): (readonly [string, CodeBlock, (example: Example) => Promise<unknown>])[] {
  if (decision === undefined || 'cannotRun' in decision) return []
  return [[block.place, block, 'instead' in decision ? decision.proof : decision]]
}

function reasonFor(place: string, decision: Decision | undefined): (readonly [string, string])[] {
  return decision !== undefined && 'cannotRun' in decision ? [[place, decision.cannotRun]] : []
}

function nameOf(block: CodeBlock): string {
  return `block-${blocks.indexOf(block)}.ts`
}

function fileOf(block: CodeBlock): string {
  return join(folder, nameOf(block))
}
