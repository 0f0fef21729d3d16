import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { devDependencies, exports as entryPoints } from '../../package.json'
import { installAsync, packAsync, runAsync } from './pack.ts'

const root = join(__dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'express-use-websockets-'))
let tarball: string

beforeAll(async () => {
  tarball = await packAsync(directory)
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

describe('the tarball', () => {
  it('contains the compiled lib/ and the documents, and nothing else', async () => {
    const { stdout } = await runAsync('tar', ['--list', '--file', tarball])
    const files = stdout.trim().split('\n')

    expect(files.filter((file) => !/^package\/dist\/.+\.(?:d\.ts|d\.mts|js|mjs)$/.test(file)).toSorted()).toEqual([
      'package/LICENSE',
      'package/README.md',
      'package/package.json',
    ])
  })
})

/** Optional entry points, which cost nothing unless they are imported. */
const OPTIONAL = /^dist\/(?:client|groups|json|postgres|redis)(?:\.js$|\/)/

const { '@types/express': latestTypes, express: latest } = devDependencies

describe.each([
  { express: '4.18.0', types: '4.17.25' },
  { express: latest, types: latestTypes },
])('in a project with Express $express', ({ express, types }) => {
  let project: string

  beforeAll(async () => {
    const dependencies = [`express@${express}`, `@types/express@${types}`, `@types/node@${devDependencies['@types/node']}`]
    project = await installConsumerAsync('express', `express-${express}`, dependencies)
  })

  it('echoes for a CommonJS module', async () => {
    const { stdout } = await runAsync(process.execPath, ['commonjs.cjs'], { cwd: project })

    expect(stdout).toBe('from require\n')
  })

  it('echoes for an ES module', async () => {
    const { stdout } = await runAsync(process.execPath, ['esm.mjs'], { cwd: project })

    expect(stdout).toBe('from import\n')
  })

  it('echoes in a consumer test that Jest runs as CommonJS', async () => {
    const { stderr } = await runAsync(process.execPath, [require.resolve('jest/bin/jest'), '--rootDir', project, '--ci'], { cwd: project })

    expect(stderr).toContain('1 passed')
  })

  it('exports the same things through import and require', async () => {
    const { stdout } = await runAsync(process.execPath, ['entries.mjs'], { cwd: project })
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { names: string[]; different: string[] })

    expect(entries[0]?.names).toContain('useWebSockets')
    // The client is for pages, which cannot load CommonJS, so its ES module is a separate copy.
    expect(entries.flatMap(({ different }) => different)).toEqual(['connectWebSocket'])
  })

  it('loads no optional entry point and no other package from its main entry point', async () => {
    const { own, others } = await loadedBy('.')

    expect(own).toContain('dist/index.js')
    expect(own.filter((file) => OPTIONAL.test(file))).toEqual([])
    expect(others).toEqual([])
  })

  // The client is for browsers. The application itself loads the libraries of a backplane.
  it.each(Object.keys(entryPoints).filter((path) => OPTIONAL.test(`dist/${path.slice(2)}.js`)))(
    'loads no other package, no server and no other optional entry point from %s',
    async (entry) => {
      const { own, others } = await loadedBy(entry)

      expect(own.filter((file) => OPTIONAL.test(file)).length).toBeGreaterThan(0)
      expect(own.filter((file) => /^dist\/(?:hosting|middleware|[^/]+\.js$)/.test(file))).toEqual([`dist/${entry.slice(2)}.js`])
      expect(others).toEqual([])
    },
  )

  async function loadedBy(entry: string): Promise<{ readonly own: string[]; readonly others: string[] }> {
    const { stdout } = await runAsync(process.execPath, ['loaded.cjs', entry.replace('.', 'express-use-websockets')], { cwd: project })
    return JSON.parse(stdout) as { own: string[]; others: string[] }
  }

  it.each(['node16', 'nodenext', 'bundler'] as const)('type-checks with moduleResolution %s, libraries included', async (resolution) => {
    expect(await typeErrorsAsync(project, resolution)).toBe('')
  })
})

describe('in a project without Express, with the latest @types/node', () => {
  let project: string

  beforeAll(async () => {
    project = await installConsumerAsync('node-http', 'node-http', ['@types/node@latest'])
  })

  it.each(['node16', 'nodenext', 'bundler'] as const)('type-checks with moduleResolution %s, libraries included', async (resolution) => {
    expect(await typeErrorsAsync(project, resolution)).toBe('')
  })

  it('needs no types except its own and those of Node', () => {
    expect(readdirSync(join(project, 'node_modules/@types'))).toEqual(['node'])
    expect(readdirSync(join(project, 'node_modules'))).not.toContain('express')
  })
})

describe('in a project for a page, without the types of Node', () => {
  let project: string

  beforeAll(async () => {
    project = join(directory, 'page')
    cpSync(join(__dirname, 'consumers/page'), project, { recursive: true })
    await installAsync(project, [tarball])
  })

  it.each(['5.2.2', devDependencies.typescript])('type-checks the client with TypeScript %s, libraries included', async (typescript) => {
    const compiler = join(directory, `typescript-for-page-${typescript}`)
    await installAsync(compiler, [`typescript@${typescript}`])
    const { stdout } = await runAsync(process.execPath, [join(compiler, 'node_modules/typescript/bin/tsc'), '-p', project])
    expect(stdout).toBe('')
  })

  it('is built by Vite from the ES module of the client only', async () => {
    await runAsync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], { cwd: project })
    const [file = ''] = readdirSync(join(project, 'dist/assets'))
    const code = readFileSync(join(project, 'dist/assets', file), 'utf8')
    expect(code).toContain('ERR_WEBSOCKET_INVALID_ARGUMENT')
    expect(code).not.toMatch(/require\(|__esModule|module\.exports/)
    expect(code.length).toBeLessThan(6000)
  })
})

describe('in a project with the types of ws', () => {
  let project: string

  beforeAll(async () => {
    const types = ['@types/node', '@types/ws'] as const
    project = await installConsumerAsync(
      'ws',
      'ws',
      types.map((name) => `${name}@${devDependencies[name]}`),
    )
  })

  it.each(['node16', 'nodenext', 'bundler'] as const)(
    'type-checks with moduleResolution %s, the entry point for ws included',
    async (resolution) => {
      expect(await typeErrorsAsync(project, resolution)).toBe('')
    },
  )
})

describe.each(['5.2.2', '5.4.5'])('in a project with TypeScript %s (5.2 is the oldest with the types for `using`)', (typescript) => {
  let project: string

  beforeAll(async () => {
    const names = ['@types/express', '@types/node', '@types/ws'] as const
    const types = names.map((name) => `${name}@${devDependencies[name]}`)
    project = await installConsumerAsync('express', `typescript-${typescript}`, [`typescript@${typescript}`, ...types])
  })

  it.each(['node16', 'nodenext', 'bundler'] as const)('type-checks with moduleResolution %s, libraries included', async (resolution) => {
    expect(await typeErrorsAsync(project, resolution, project)).toBe('')
  })
})

/** Copies a consumer into a new project, as CommonJS and as ES modules for every entry point, and installs the tarball there. */
async function installConsumerAsync(consumer: string, name: string, dependencies: readonly string[]): Promise<string> {
  const project = join(directory, name)
  cpSync(join(__dirname, 'consumers', consumer), project, { recursive: true })
  cpSync(join(project, 'server.ts'), join(project, 'server-module.mts'))
  // Only consumers of ./ws need the types of ws.
  const hasTypes = dependencies.some((dependency) => dependency.startsWith('@types/ws@'))
  const entries = Object.keys(entryPoints).filter((path) => path !== './package.json' && (path !== './ws' || hasTypes))
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry.replace('.', 'express-use-websockets')}'\n`)
  writeFileSync(join(project, 'entries.ts'), lines.join(''))
  await installAsync(project, [tarball, ...dependencies])
  return project
}

/** The compiler's errors, with `skipLibCheck` off to check our declarations too. `compilerFrom`: the folder of the compiler. */
async function typeErrorsAsync(
  project: string,
  moduleResolution: 'node16' | 'nodenext' | 'bundler',
  compilerFrom: string = root,
): Promise<string> {
  const configuration = join(project, `tsconfig.${moduleResolution}.json`)
  // TypeScript has no `preserve` before 5.4.
  const bundlerModule = compilerFrom === root ? 'preserve' : 'esnext'
  const compilerOptions = {
    esModuleInterop: true,
    exactOptionalPropertyTypes: true,
    lib: ['ES2022', 'ESNext.Disposable'],
    module: moduleResolution === 'bundler' ? bundlerModule : moduleResolution,
    moduleResolution,
    noEmit: true,
    skipLibCheck: false,
    strict: true,
    target: 'ES2022',
    types: ['node'],
  }
  writeFileSync(configuration, JSON.stringify({ compilerOptions, files: ['server.ts', 'server-module.mts', 'entries.ts'] }))
  const compiler = join(compilerFrom, 'node_modules/typescript/bin/tsc')
  return runAsync(process.execPath, [compiler, '-p', configuration], { cwd: project }).then(
    () => '',
    (error: { readonly stdout: string }) => error.stdout,
  )
}
