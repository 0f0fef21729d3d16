/* Assembles unmask-simd.wat of lib/web-socket/memory into unmask-simd-module.ts: node -r esbuild-register scripts/build-unmask-simd.ts */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assembleUnmaskSimd } from './assemble-unmask-simd.ts'

const folder = join(__dirname, '../lib/web-socket/memory')

async function build(): Promise<void> {
  writeFileSync(join(folder, 'unmask-simd-module.ts'), await assembleUnmaskSimd(readFileSync(join(folder, 'unmask-simd.wat'), 'utf8')))
}

void build()
