import { describe, expect, it } from '@jest/globals'
import type { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../lib/web-socket/frames/opcode.ts'
import type { WebSocketReceiveResult } from '../../lib/web-socket/receiving/receive-into-buffer.ts'
import { WebSocketException } from '../../lib/errors/web-socket-exception.ts'
import { WebSocketState } from '../../lib/web-socket/values/web-socket-state.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { openOverTcp } from '../support/web-socket-pairs.ts'

/** Each brings a new socket into a state. The Close frame of the peer is its last frame. */
const situations = {
  Open: () => Promise.resolve(),
  CloseSent: async (webSocket, peer) => {
    await webSocket.closeOutputAsync(1000)
    await peer.nextFrame()
  },
  CloseReceived: async (webSocket, peer) => {
    await peer.sendFrame(Opcode.Close, closePayload(4000, 'bye'))
    await webSocket.receiveAsync(Buffer.alloc(1))
  },
  Closed: async (webSocket, peer) => {
    await peer.sendFrame(Opcode.Close, closePayload(1000))
    await webSocket.receiveAsync(Buffer.alloc(1))
    await webSocket.closeOutputAsync(1000)
    await peer.nextFrame()
  },
  Aborted: (webSocket) => Promise.resolve(webSocket.abort()),
  Disposed: (webSocket) => Promise.resolve(webSocket.dispose()),
  // An unmasked frame, which a server rejects.
  Violated: async (webSocket, peer) => {
    await peer.send(rawFrame(Opcode.Text, 'text', { mask: false }))
    await webSocket.receiveAsync(Buffer.alloc(1)).catch(() => undefined)
    await peer.nextFrame()
  },
  ViolatedByClose: async (webSocket, peer) => {
    await peer.sendFrame(Opcode.Close, Buffer.alloc(1))
    await webSocket.receiveAsync(Buffer.alloc(1)).catch(() => undefined)
    await peer.nextFrame()
  },
} satisfies Record<string, (webSocket: ManagedWebSocket, peer: RawPeer) => Promise<void>>

type Situation = keyof typeof situations

const operations = {
  sendAsync: (webSocket) => webSocket.sendAsync('text'),
  receiveAsync: (webSocket) => webSocket.receiveAsync(Buffer.alloc(10)),
  closeOutputAsync: (webSocket) => webSocket.closeOutputAsync(4001),
  closeAsync: (webSocket) => webSocket.closeAsync(4001),
  pingAsync: (webSocket) => webSocket.pingAsync(),
  'for await': async (webSocket) => {
    for await (const message of webSocket) return message
    return 'end'
  },
  abort: (webSocket) => webSocket.abort(),
  dispose: (webSocket) => webSocket.dispose(),
  'Symbol.dispose': (webSocket) => webSocket[Symbol.dispose](),
  'Symbol.asyncDispose': (webSocket) => webSocket[Symbol.asyncDispose](),
} satisfies Record<string, (webSocket: ManagedWebSocket) => unknown>

type Operation = keyof typeof operations

const refused = (state: string, valid: string): string => `refused in ${state}, valid are ${valid} | ${state} |`
const gone = {
  abort: 'done | Closed |',
  dispose: 'done | Closed |',
  'Symbol.dispose': 'done | Closed |',
  'Symbol.asyncDispose': 'done | Closed |',
}
const refusedIn = (
  state: string,
): Pick<Record<Operation, string>, 'sendAsync' | 'receiveAsync' | 'closeOutputAsync' | 'closeAsync' | 'pingAsync'> => ({
  sendAsync: refused(state, 'Open, CloseReceived'),
  receiveAsync: refused(state, 'Open, CloseSent'),
  closeOutputAsync: refused(state, 'Open, CloseReceived'),
  closeAsync: refused(state, 'Open, CloseSent, CloseReceived'),
  pingAsync: refused(state, 'Open'),
})

/** For each cell: the result of the operation, the state after it, and the frames that it sends to the peer. */
const table: Record<Situation, Record<Operation, string>> = {
  Open: {
    sendAsync: 'done | Open | Text text',
    receiveAsync: 'received 4 | Open |',
    closeOutputAsync: 'done | CloseSent | Close 4001',
    closeAsync: 'done | Closed | Close 4001',
    pingAsync: 'milliseconds | Open | Ping',
    'for await': 'message data | Open |',
    abort: 'done | Aborted |',
    dispose: 'done | Closed |',
    'Symbol.dispose': 'done | Closed |',
    'Symbol.asyncDispose': 'done | Closed | Close without a code',
  },
  CloseSent: {
    sendAsync: refused('CloseSent', 'Open, CloseReceived'),
    receiveAsync: 'received 4 | CloseSent |',
    closeOutputAsync: refused('CloseSent', 'Open, CloseReceived'),
    closeAsync: 'done | Closed |',
    pingAsync: refused('CloseSent', 'Open'),
    'for await': 'message data | CloseSent |',
    abort: 'done | Aborted |',
    dispose: 'done | Closed |',
    'Symbol.dispose': 'done | Closed |',
    'Symbol.asyncDispose': 'done | Closed |',
  },
  CloseReceived: {
    sendAsync: 'done | CloseReceived | Text text',
    receiveAsync: refused('CloseReceived', 'Open, CloseSent'),
    closeOutputAsync: 'done | Closed | Close 4001',
    closeAsync: 'done | Closed | Close 4001',
    pingAsync: refused('CloseReceived', 'Open'),
    'for await': 'message end | CloseReceived |',
    abort: 'done | Aborted |',
    dispose: 'done | Closed |',
    'Symbol.dispose': 'done | Closed |',
    'Symbol.asyncDispose': 'done | Closed | Close 4000',
  },
  Closed: { ...refusedIn('Closed'), ...gone, 'for await': 'message end | Closed |' },
  Aborted: {
    ...refusedIn('Aborted'),
    'for await': refused('Aborted', 'Open, CloseSent'),
    abort: 'done | Aborted |',
    dispose: 'done | Aborted |',
    'Symbol.dispose': 'done | Aborted |',
    'Symbol.asyncDispose': 'done | Aborted |',
  },
  Disposed: { ...refusedIn('Closed'), ...gone, 'for await': refused('Closed', 'Open, CloseSent') },
  Violated: {
    ...refusedIn('Aborted'),
    'for await': 'message end | Aborted |',
    abort: 'done | Aborted |',
    dispose: 'done | Aborted |',
    'Symbol.dispose': 'done | Aborted |',
    'Symbol.asyncDispose': 'done | Aborted |',
  },
  ViolatedByClose: { ...refusedIn('Closed'), ...gone, 'for await': 'message end | Closed |' },
}

/** Arguments that are invalid in any state. */
const mistakes: Partial<Record<Operation, (webSocket: ManagedWebSocket) => unknown>> = {
  // @ts-expect-error It is not data.
  sendAsync: (webSocket) => webSocket.sendAsync(1),
  // @ts-expect-error It is not a buffer.
  receiveAsync: (webSocket) => webSocket.receiveAsync('buffer'),
  closeOutputAsync: (webSocket) => webSocket.closeOutputAsync(1005),
  closeAsync: (webSocket) => webSocket.closeAsync(999),
}

const cells = Object.entries(table).flatMap(([situation, row]) =>
  Object.entries(row).map(([operation, expected]) => ({ operation: operation as Operation, situation: situation as Situation, expected })),
)

describe('ManagedWebSocket, by state and operation', () => {
  it.each(cells)('$operation in situation $situation: $expected', async ({ situation, operation, expected }) => {
    const { webSocket, peer } = await openOverTcp()
    await situations[situation](webSocket, peer)
    const answering = answer(peer, situation)

    const result = await outcome(() => operations[operation](webSocket))
    const state = nameOf(webSocket.state)
    // From any of these states, a dispose ends the connection after all queued frames.
    webSocket.dispose()
    const frames = await answering

    expect([result, state, frames.join(', ')].join(' | ').trim()).toBe(expected)
  })

  it.each(cells.filter(({ operation, expected }) => operation in mistakes && expected.startsWith('refused')))(
    'checks the arguments of $operation in situation $situation before the state',
    async ({ situation, operation }) => {
      const { webSocket, peer } = await openOverTcp()
      await situations[situation](webSocket, peer)

      expect(await outcome(() => mistakes[operation]?.(webSocket))).toBe('ERR_WEBSOCKET_INVALID_ARGUMENT')
    },
  )
})

/** Acts as the peer: sends a message if it may, answers pings and Close frames, and returns what it received. */
async function answer(peer: RawPeer, situation: Situation): Promise<string[]> {
  const seen: string[] = []
  let hasSentClose = situation !== 'Open' && situation !== 'CloseSent'
  const sendClose = async (): Promise<void> => {
    if (hasSentClose) return
    hasSentClose = true
    await peer.sendFrame(Opcode.Close, closePayload(1000))
  }
  peer.duplex.on('end', () => peer.end())
  if (!hasSentClose) await peer.sendFrame(Opcode.Text, 'data').catch(() => undefined)
  if (situation === 'CloseSent') await sendClose()
  for (;;) {
    const frame = await peer.nextFrame().catch(() => undefined)
    if (frame === undefined) return seen
    if (frame.opcode === Opcode.Text) seen.push(`Text ${frame.payload.toString()}`)
    if (frame.opcode === Opcode.Ping) {
      seen.push('Ping')
      await peer.sendFrame(Opcode.Pong, frame.payload)
    }
    if (frame.opcode === Opcode.Close) {
      seen.push(`Close ${frame.payload.length === 0 ? 'without a code' : frame.payload.readUInt16BE()}`)
      await sendClose()
    }
  }
}

async function outcome(operation: () => unknown): Promise<string> {
  try {
    return describeResult(await operation())
  } catch (error) {
    if (!(error instanceof WebSocketException)) throw error
    const [, state, valid] = /invalid state \('(\w+)'\) for this operation\. Valid states are: '([\w, ]+)'/.exec(error.message) ?? []
    return error.code === 'ERR_WEBSOCKET_INVALID_STATE' ? `refused in ${state}, valid are ${valid}` : error.code
  }
}

function describeResult(result: unknown): string {
  if (result === undefined) return 'done'
  if (typeof result === 'number') return result >= 0 ? 'milliseconds' : `${result}`
  if (typeof result === 'string') return `message ${result}`
  const { count } = result as WebSocketReceiveResult
  return `received ${count}`
}

function nameOf(state: WebSocketState): string {
  return Object.entries(WebSocketState).find(([, number]) => number === state)?.[0] ?? ''
}
