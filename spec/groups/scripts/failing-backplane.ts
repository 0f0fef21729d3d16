/** Sends over a backplane that fails and delivers garbage, and handles no promise. */
import { duplexPair } from 'node:stream'
import { WebSocketGroups } from '../../../lib/groups.ts'
import { ManagedWebSocket } from '../../../lib/index.ts'

let hear: (message: Uint8Array) => void = () => undefined
const groups = new WebSocketGroups({
  maxMessageSize: 10,
  backplane: {
    publish: () => Promise.reject(new Error('no engine')),
    subscribe(_channel, listener) {
      hear = listener
      return { active: Promise.resolve(), unsubscribe: () => undefined }
    },
  },
})
groups.add('lobby', ManagedWebSocket.createFromStream(duplexPair()[0], { isServer: true }))
for (let count = 0; count < 3; count++) void groups.send('lobby', 'text')
setImmediate(() => {
  for (let count = 0; count < 3; count++) hear(Buffer.from('garbage'))
  void groups.send('lobby', 'x'.repeat(11))
  setImmediate(() => {
    console.log('still here')
    process.exit()
  })
})
