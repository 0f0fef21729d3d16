/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// The specs that install the packed package into a new project. They take minutes on a slow network.
module.exports = {
  ...node,
  // Each file packs, and packing builds the package.
  maxWorkers: 1,
  rootDir: '../..',
  roots: ['<rootDir>/spec/package'],
  testPathIgnorePatterns: [],
  testTimeout: 300_000,
} satisfies Config
