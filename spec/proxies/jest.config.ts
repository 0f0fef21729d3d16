/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const node = require('../../jest.config.ts') as Config

// The specs with real proxies (nginx, HAProxy and Caddy) in front of the server.
module.exports = {
  ...node,
  rootDir: '../..',
  roots: ['<rootDir>/spec/proxies'],
  testPathIgnorePatterns: [],
  testTimeout: 20_000,
} satisfies Config
