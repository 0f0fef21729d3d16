import type { IncomingMessage } from 'node:http'

/** Makes it known to {@link isUpgraded}. */
export function markAsUpgraded(request: UpgradedRequest): void {
  request[IS_UPGRADED] = true
}

/** Whether Node has emitted the request by `'upgrade'`, so that no code reads its connection; else the HTTP server reads it. */
export function isUpgraded(request: UpgradedRequest): boolean {
  return request[IS_UPGRADED] === true
}

const IS_UPGRADED = Symbol('isUpgraded')

interface UpgradedRequest extends IncomingMessage {
  [IS_UPGRADED]?: true
}
