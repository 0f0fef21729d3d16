import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'
import { kindsOfFrames } from './kinds-of-frames.ts'
import { transports } from './raw-peers.ts'

interface Measured {
  readonly kind: string
  readonly sent: number
  readonly kept: number
}

function isExceededBy({ sent, kept }: Measured): boolean {
  return sent === 0 || kept > 4 * sent + 65_536
}

/** The measurements of each kind of traffic. */
async function measure<Row>(script: string, ...options: string[]): Promise<Row[]> {
  const { exitCode, stdout, stderr } = await runScript(`spec/ws/scripts/${script}.ts`, ['--expose-gc'], options)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

describe('the memory for data that a peer has sent', () => {
  it.each(transports)(
    'is at most 4 bytes per byte sent and 64 KiB, over %s',
    async (transport) => {
      const measured = await measure<Measured>('kept-bytes', transport)
      expect(measured.map(({ kind }) => kind)).toEqual(Object.keys(kindsOfFrames))
      expect(measured.filter(isExceededBy)).toEqual([])
    },
    60_000,
  )

  it.each(transports.flatMap((transport) => [[transport, 'managed'] as const, [transport, 'waiting'] as const]))(
    'has the same limit over %s for a socket that is %s (a ManagedWebSocket, or not accepted yet)',
    async (transport, stage) => {
      const measured = await measure<Measured>('kept-bytes', transport, 'nodebuffer', '', stage)
      expect(measured.map(({ kind }) => kind)).toEqual(Object.keys(kindsOfFrames))
      expect(measured.filter(isExceededBy)).toEqual([])
    },
    60_000,
  )

  it.each(['arraybuffer', 'fragments', 'blob'])(
    'has the same limit with binaryType %s',
    async (binaryType) => {
      const measured = await measure<Measured>('kept-bytes', 'http', binaryType, 'binar')
      expect(measured).toHaveLength(6)
      expect(measured.filter(isExceededBy)).toEqual([])
    },
    60_000,
  )
})

describe('the queue of a WebSocket of ws for a peer that does not read', () => {
  it.each(transports)(
    'uses at most 1.1 times maxBufferedAmount, over %s',
    async (transport) => {
      const measured = await measure<{ kind: string; frames: number; kept: number }>('waiting-sends', transport, '4000000')
      expect(measured).toHaveLength(7)
      expect(measured.filter(({ kept }) => kept > 4_400_000)).toEqual([])
    },
    60_000,
  )
})
