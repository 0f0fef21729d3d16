import type { IncomingMessage } from 'node:http'

/** Marks a request for {@link isUpgraded}. */
export function markAsUpgraded(request: UpgradedRequest): void {
  request[IS_UPGRADED] = true
}

/** Whether Node has emitted the request as `'upgrade'`. No code reads its connection then; otherwise the HTTP server reads it. */
export function isUpgraded(request: UpgradedRequest): boolean {
  return request[IS_UPGRADED] === true
}

const IS_UPGRADED = Symbol('isUpgraded')

interface UpgradedRequest extends IncomingMessage {
  [IS_UPGRADED]?: true
}
