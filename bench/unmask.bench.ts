/*
 * Measures the nanoseconds of unmasking by payload length: by bytes, by SIMD, by unmask(), and by the native `bufferutil`.
 * Run `npm install --prefix bench`, then `node -r esbuild-register bench/unmask.bench.ts`. The threshold between bytes and SIMD in
 * unmask() follows from these figures. The variants run in short alternating slices, and the fastest tenth of the slices counts,
 * because other load on the machine slows down the rest.
 */
import { createRequire } from 'node:module'
import { loadUnmaskSimd } from '../lib/web-socket/memory/load-unmask-simd.ts'
import { unmask, unmaskByBytes, unmaskBySimd } from '../lib/web-socket/memory/unmask.ts'

const LENGTHS = [16, 64, 125, 192, 256, 1024, 16_384, 65_536, 1_048_576]
const ROUNDS = 400
const WARM_UP_CALLS = 50_000
const SLICE_NANOSECONDS = 30_000
/** A payload follows the header of its frame, so it is rarely aligned to a word. */
const HEADER_LENGTH = 6
const KEY = 0x37fa213d

const source = Buffer.alloc(HEADER_LENGTH + Math.max(...LENGTHS), 'a')
const target = Buffer.alloc(Math.max(...LENGTHS))
const rows = Object.entries(ways()).map(([name, run]) => ({ name, run, figures: LENGTHS.map((): number[] => []) }))

for (const { run } of rows) for (let call = 0; call < WARM_UP_CALLS; call++) run(call & 0x1ff)
for (let round = 0; round < ROUNDS; round++) {
  for (const { run, figures } of rows) LENGTHS.forEach((length, column) => figures[column]?.push(nanosecondsPerCall(run, length)))
}

console.log(`Node.js ${process.versions.node}, nanoseconds per call`)
console.log(tableRow('bytes', LENGTHS))
for (const { name, figures } of rows) console.log(tableRow(name, figures.map(fastestTenth)))

function ways(): Record<string, (length: number) => void> {
  const simd = loadUnmaskSimd()
  if (simd === undefined) throw new Error('This Node.js has no WebAssembly with SIMD; run it without --jitless')
  // Not a static import, because type checking must work without the peers installed.
  const { mask } = createRequire(__filename)('bufferutil') as {
    mask: (from: Buffer, key: Buffer, to: Buffer, at: number, length: number) => void
  }
  const key = Buffer.alloc(4)
  key.writeUInt32BE(KEY)
  return {
    unmask: (length) => void unmask(source, HEADER_LENGTH, target, 0, length, KEY, 0),
    'by bytes': (length) => void unmaskByBytes(source, HEADER_LENGTH, target, 0, length, KEY),
    'by SIMD': (length) => void unmaskBySimd(simd, source, HEADER_LENGTH, target, 0, length, KEY),
    bufferutil: (length) => mask(source.subarray(HEADER_LENGTH, HEADER_LENGTH + length), key, target, 0, length),
  }
}

/** Runs as many calls as fit into a slice, at least one, and returns the time of one. */
function nanosecondsPerCall(run: (length: number) => void, length: number): number {
  const calls = Math.max(1, Math.floor(SLICE_NANOSECONDS / (100 + length / 10)))
  const start = process.hrtime.bigint()
  for (let call = 0; call < calls; call++) run(length)
  return Number(process.hrtime.bigint() - start) / calls
}

function fastestTenth(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 10)] ?? Number.NaN
}

function tableRow(name: string, figures: readonly number[]): string {
  return name.padEnd(12) + figures.map((figure) => figure.toFixed(0).padStart(9)).join('')
}
