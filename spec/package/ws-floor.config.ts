/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'
import node from '../../jest.config.ts'

// All specs of `npm test` again, on the oldest `ws` that package.json allows.
export default {
  ...node,
  rootDir: '../..',
  moduleNameMapper: { ...node.moduleNameMapper, '^ws$': '<rootDir>/node_modules/ws-floor' },
} satisfies Config
