/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'
import node from '../../jest.config.ts'

// The specs that drive headless Chromium.
export default {
  ...node,
  rootDir: '../..',
  roots: ['<rootDir>/spec/browser'],
  testPathIgnorePatterns: [],
  testTimeout: 60_000,
} satisfies Config
