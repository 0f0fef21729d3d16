/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// The specs that use headless Chromium.
module.exports = {
  ...node,
  rootDir: '../..',
  roots: ['<rootDir>/spec/browser'],
  testPathIgnorePatterns: [],
  testTimeout: 60_000,
} satisfies Config
