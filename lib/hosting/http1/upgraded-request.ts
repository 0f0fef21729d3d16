import type { IncomingMessage } from 'node:http'

/** Makes it known to {@link isUpgraded}. */
export function markAsUpgraded(request: UpgradedRequest): void {
  request[IS_UPGRADED] = true
}

/** Whether Node has handed the request over by its `'upgrade'` event, so that nobody reads its connection; else it is an HTTP server's. */
export function isUpgraded(request: UpgradedRequest): boolean {
  return request[IS_UPGRADED] === true
}

const IS_UPGRADED = Symbol('isUpgraded')

interface UpgradedRequest extends IncomingMessage {
  [IS_UPGRADED]?: true
}
