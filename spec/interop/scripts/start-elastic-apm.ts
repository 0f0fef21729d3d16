import apm from 'elastic-apm-node'
import type { Tracer } from './trace-web-sockets.ts'

/* Starts the agent of Elastic APM, which patches `node:http` when it is loaded later. The agent sends nothing. */

apm.start({ serviceName: 'spec', disableSend: true, logLevel: 'off', metricsInterval: '0s', centralConfig: false, cloudProvider: 'none' })

const ended = new Set<object>()
const prototype = Object.getPrototypeOf(apm.startTransaction()) as { end: (...values: unknown[]) => void }
const end = prototype.end
prototype.end = function endAndCount(this: object, ...values) {
  ended.add(this)
  end.apply(this, values)
}

export const elasticApm: Tracer = {
  active: () => apm.currentTransaction ?? undefined,
  describe(transaction) {
    const { name, result } = transaction as NonNullable<typeof apm.currentTransaction>
    return { name, status: result, isEnded: ended.has(transaction) }
  },
  countEnded: () => ended.size,
}
