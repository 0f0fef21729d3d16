import type { IncomingMessage } from 'node:http'

/**
 * What came after the head of a request that Node has handed over by its `'upgrade'` event. The rest is still in the socket, which nobody
 * reads.
 */
export class UpgradeHead {
  readonly #head: Buffer

  constructor(head: Buffer) {
    this.#head = head
  }

  take(): Buffer[] {
    return this.#head.length > 0 ? [this.#head] : []
  }
}

/** Makes it known to {@link upgradeHeadOf}. */
export function rememberUpgradeHead(request: UpgradeRequest, head: UpgradeHead): void {
  request[HEAD] = head
}

/** `undefined` if the request came by the `'request'` event, so that its connection is an HTTP server's. */
export function upgradeHeadOf(request: UpgradeRequest): UpgradeHead | undefined {
  return request[HEAD]
}

const HEAD = Symbol('UpgradeHead')

interface UpgradeRequest extends IncomingMessage {
  [HEAD]?: UpgradeHead
}
