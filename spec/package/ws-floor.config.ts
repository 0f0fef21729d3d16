/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// Runs the specs of code that uses `ws` with the oldest version of `ws` that package.json allows.
module.exports = {
  ...node,
  rootDir: '../..',
  // The files in which Jest looks for imports of a spec, and so for related code.
  roots: ['<rootDir>/lib', '<rootDir>/spec'],
  moduleNameMapper: { ...node.moduleNameMapper, '^ws$': '<rootDir>/node_modules/ws-floor' },
} satisfies Config
