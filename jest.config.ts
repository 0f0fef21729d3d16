/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const project = {
  injectGlobals: false,
  moduleNameMapper: {
    '^express-use-websockets$': '<rootDir>/lib/index.ts',
    '^express-use-websockets/(.+)$': '<rootDir>/lib/$1.ts',
  },
  roots: ['<rootDir>/spec'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', explicitResourceManagement: true },
          target: 'es2022',
        },
      },
    ],
  },
} satisfies Config

export default {
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
  projects: [{ ...project, displayName: 'node', testMatch: ['**/*.spec.ts'] }],
} satisfies Config
