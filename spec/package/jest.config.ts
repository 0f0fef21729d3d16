/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'
import node from '../../jest.config.ts'

// The specs that install the packed tarball into a new project: minutes, not seconds, on a slow network.
export default {
  ...node,
  rootDir: '../..',
  roots: ['<rootDir>/spec/package'],
  testPathIgnorePatterns: [],
  testTimeout: 300_000,
} satisfies Config
