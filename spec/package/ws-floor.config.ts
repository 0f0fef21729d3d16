/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// The specs of `npm test` that come to code which stands on `ws`, again on the oldest `ws` that package.json allows.
module.exports = {
  ...node,
  rootDir: '../..',
  // Where Jest looks for what a spec imports, and so for what is related to it.
  roots: ['<rootDir>/lib', '<rootDir>/spec'],
  moduleNameMapper: { ...node.moduleNameMapper, '^ws$': '<rootDir>/node_modules/ws-floor' },
} satisfies Config
