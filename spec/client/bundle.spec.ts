import { describe, expect, it } from '@jest/globals'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { runOutcomes } from '../support/run-outcomes.ts'

const root = join(__dirname, '../..')

describe('the client', () => {
  it('is less than 2 KiB, bundled, minified and gzipped', async () => {
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
    // Node.js modules cannot be bundled, and other folders do not belong to the client.
    expect(Object.keys(metafile.inputs).filter((path) => !/^lib\/client(?:\/[a-z-]+)?\.ts$/.test(path))).toEqual([])
  })

  it('imports only its own modules', async () => {
    const [paths] = await runOutcomes<readonly string[]>('spec/client/scripts/loaded-modules.ts')
    expect(paths?.length).toBeGreaterThan(3)
    expect(paths?.filter((path) => !path.startsWith('lib/client'))).toEqual([])
  })

  it('keeps running if shouldReconnect throws an error, which it reports', async () => {
    expect(await runOutcomes('spec/client/scripts/should-reconnect-throws.ts')).toEqual([
      { error: 'a fault in the page' },
      { attempt: 1, willReconnect: true },
      { error: 'a fault in the page' },
      { attempt: 2, willReconnect: true },
      { state: 'closed' },
    ])
  })
})
