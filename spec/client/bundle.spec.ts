import { describe, expect, it } from '@jest/globals'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { runOutcomes } from '../support/run-outcomes.ts'

const root = join(__dirname, '../..')

describe('the client', () => {
  it('is less than 2 KiB for a page: bundled, minified, gzipped', async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: [join(root, 'lib/client.ts')],
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      metafile: true,
      minify: true,
      platform: 'browser',
      write: false,
    })
    const bytes = Buffer.concat(outputFiles.map(({ contents }) => contents))
    const size = gzipSync(bytes, { level: 9 }).length
    process.stderr.write(`client: ${bytes.length} bytes minified, ${size} gzipped\n`)
    expect(size).toBeLessThan(2048)
    // Neither a module of Node.js, which could not be bundled, nor another folder.
    expect(Object.keys(metafile.inputs).filter((path) => !/^lib\/client(?:\/[a-z-]+)?\.ts$/.test(path))).toEqual([])
  })

  it('loads nothing but itself', async () => {
    const [paths] = await runOutcomes<readonly string[]>('spec/client/scripts/loaded-modules.ts')
    expect(paths?.length).toBeGreaterThan(3)
    expect(paths?.filter((path) => !path.startsWith('lib/client'))).toEqual([])
  })

  it('goes on when shouldReconnect throws, and lets that error be heard', async () => {
    expect(await runOutcomes('spec/client/scripts/should-reconnect-throws.ts')).toEqual([
      { error: 'a fault in the page' },
      { attempt: 1, willReconnect: true },
      { error: 'a fault in the page' },
      { attempt: 2, willReconnect: true },
      { state: 'closed' },
    ])
  })
})
