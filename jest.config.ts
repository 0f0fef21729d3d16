/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const esModules = '(?:arktype|arkregex|@ark)'

// CommonJS, because Node 22.18 and newer loads this file without a loader, as what package.json says it is.
module.exports = {
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
  injectGlobals: false,
  moduleNameMapper: {
    '^express-use-websockets$': '<rootDir>/lib/index.ts',
    '^express-use-websockets/(.+)$': '<rootDir>/lib/$1.ts',
  },
  roots: ['<rootDir>/spec'],
  testMatch: ['**/*.spec.ts'],
  // Those need Chromium, proxies, a packed tarball or a machine to themselves, and have a configuration of their own.
  testPathIgnorePatterns: ['browser', 'memory', 'package', 'proxies'].map((folder) => `<rootDir>/spec/${folder}/`),
  // Nothing waits for time; but a machine may be busy.
  testTimeout: 30_000,
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', explicitResourceManagement: true }, target: 'es2022' } }],
    // ES modules, which Jest cannot require before Node 24.9.
    [`node_modules/${esModules}/.+\\.js$`]: ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!${esModules}/)`],
} satisfies Config
