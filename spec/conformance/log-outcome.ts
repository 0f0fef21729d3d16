import { setTimeout as delay } from 'node:timers/promises'
import { WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { describeError } from './describe-error.ts'
import type { LogEntry } from './transcript.ts'

/** Runs an operation and logs its outcome, or that it was still pending after `bound` milliseconds, with the state of the socket at that time. */
export async function logOutcome(
  log: LogEntry[],
  op: string,
  run: () => Promise<unknown>,
  bound: number,
  getSocket: () => ManagedWebSocket | undefined,
): Promise<void> {
  const entry: LogEntry = { op }
  try {
    const result = await withinBound(run(), bound)
    if (result === PENDING) entry.pending = true
    else entry.result = result ?? null
  } catch (error) {
    entry.error = describeError(error)
  }
  logEntry(log, entry, getSocket())
}

/** Logs the outcome of an operation, with the current state of the socket. */
export function logEntry(log: LogEntry[], entry: LogEntry, socket: ManagedWebSocket | undefined): void {
  if (socket !== undefined) {
    entry.state = STATES[socket.state] ?? ''
    if (socket.closeStatus !== null) {
      entry.closeStatus = socket.closeStatus
      entry.closeStatusDescription = socket.closeStatusDescription
    }
  }
  log.push(entry)
}

async function withinBound(operation: Promise<unknown>, bound: number): Promise<unknown> {
  const timer = new AbortController()
  try {
    return await Promise.race([operation, delay(bound, PENDING, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}

const PENDING = Symbol('pending')

const STATES = Object.fromEntries(Object.entries(WebSocketState).map(([name, state]) => [state, name]))
