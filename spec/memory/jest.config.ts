/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// Measures the memory that the process keeps for a peer. Takes a minute and a half, on a machine without other load.
module.exports = {
  ...node,
  rootDir: '../..',
  roots: ['<rootDir>/spec/memory'],
  testPathIgnorePatterns: [],
} satisfies Config
