/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// The table of what the process keeps for a peer: a minute and a half of measurements, on a machine that does nothing else.
module.exports = {
  ...node,
  rootDir: '../..',
  roots: ['<rootDir>/spec/memory'],
  testPathIgnorePatterns: [],
} satisfies Config
