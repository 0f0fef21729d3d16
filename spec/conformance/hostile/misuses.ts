import type { Express } from 'express'

/** Endpoints of an application that makes mistakes, or takes its time. */
export function addMisuses(_app: Express): void {}
