import { createRequire } from 'node:module'
import express from 'express'

/** Every supported major version of Express by name, for `describe.each`. Version 4 has no types here. */
export const expressVersions: readonly (readonly [name: string, express: typeof express])[] = [
  ['Express 5', express],
  ['Express 4', createRequire(__filename)('express4') as typeof express],
]
