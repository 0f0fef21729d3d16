/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// All specs of `npm test` again, on the oldest `ws` that package.json allows.
module.exports = {
  ...node,
  rootDir: '../..',
  moduleNameMapper: { ...node.moduleNameMapper, '^ws$': '<rootDir>/node_modules/ws-floor' },
} satisfies Config
