import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { readWithWs } from '../../support/read-with-ws.ts'
import type { WhatWasRead } from '../../support/what-was-read.ts'
import { readByParts, readWhole } from '../read-frames.ts'

/** The maximum message size of the readers, in bytes. */
const MAX_MESSAGE_SIZE = 300

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((string) => Buffer.from(string)),
  fc.string({ unit: 'binary-ascii', maxLength: 100 }).map((string) => Buffer.from(string)),
)
const bytes = fc.uint8Array({ maxLength: 140 }).map((array) => Buffer.from(array))
const control = fc.oneof(
  fc
    .record({ opcode: fc.constantFrom(Opcode.Ping, Opcode.Pong), payload: fc.uint8Array({ maxLength: 125 }) })
    .map(({ opcode, payload }) => rawFrame(opcode, payload)),
)
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 })

/** A message in any number of fragments, with control frames between them. */
const message = fc
  .record({
    fragments: fc.array(fc.tuple(fc.nat(30), mask, fc.option(control, { freq: 4 })), { minLength: 1, maxLength: 5 }),
    data: fc.oneof(fc.tuple(fc.constant(Opcode.Text), text), fc.tuple(fc.constant(Opcode.Binary), bytes)),
  })
  .map(({ fragments, data: [opcode, payload] }) => {
    let rest = payload
    const frames = fragments.map(([length, key, between], index) => {
      const isFinal = index === fragments.length - 1
      const part = isFinal ? rest : rest.subarray(0, length)
      rest = rest.subarray(part.length)
      const frame = rawFrame(index === 0 ? opcode : Opcode.Continuation, part, { isFinal, mask: key })
      return isFinal || between === null ? frame : Buffer.concat([frame, between])
    })
    return Buffer.concat(frames)
  })

const close = fc.oneof(
  fc.constant(rawFrame(Opcode.Close)),
  fc
    .tuple(fc.constantFrom(1000, 1001, 1011, 3000, 4999), text)
    .map(([code, reason]) => rawFrame(Opcode.Close, closePayload(code, trim(reason)))),
)

const validStream = fc
  .tuple(fc.array(fc.oneof({ arbitrary: message, weight: 4 }, { arbitrary: control, weight: 1 }), { maxLength: 6 }), fc.option(close))
  .map(([frames, end]) => Buffer.concat(end === null ? frames : [...frames, end]))

/** A frame that any peer might send, valid or not. */
const anyFrame = fc
  .record({
    opcode: fc.nat(15),
    isFinal: fc.boolean(),
    reserved: fc.oneof({ arbitrary: fc.constant(0), weight: 5 }, { arbitrary: fc.nat(7), weight: 1 }),
    isMasked: fc.oneof({ arbitrary: fc.constant(true), weight: 5 }, { arbitrary: fc.constant(false), weight: 1 }),
    extendedLengthSize: fc.option(fc.constantFrom(2 as const, 8 as const), { freq: 8 }),
    announcedLength: fc.option(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 1000n })), { freq: 8 }),
    payload: fc.oneof(
      text,
      bytes,
      fc.tuple(fc.nat(65_535), bytes).map(([code, reason]) => closePayload(code, reason)),
    ),
  })
  .map(({ opcode, payload, isMasked, extendedLengthSize, announcedLength, ...options }) =>
    rawFrame(opcode, payload, {
      ...options,
      ...(isMasked ? {} : { mask: false as const }),
      ...(extendedLengthSize === null || (announcedLength ?? 0n) > 65_535n ? {} : { extendedLengthSize }),
      ...(announcedLength === null ? {} : { announcedLength }),
    }),
  )

const brokenStream = fc
  .record({
    frames: fc.array(
      fc.oneof(
        { arbitrary: message, weight: 3 },
        { arbitrary: control, weight: 1 },
        { arbitrary: anyFrame, weight: 2 },
        { arbitrary: close, weight: 1 },
      ),
      {
        maxLength: 6,
      },
    ),
    changes: fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { maxLength: 2 }),
  })
  .map(({ frames, changes }) => {
    const stream = Buffer.concat(frames)
    for (const [index, byte] of changes) if (index < stream.length) stream[index] = byte
    return stream
  })

const cuts = fc.oneof(fc.constant('every byte' as const), fc.array(fc.nat(1000), { maxLength: 20 }))

describe('any split of a stream of frames', () => {
  it('gives the same messages, pings, pongs and end', () => {
    fc.assert(
      fc.property(fc.oneof(validStream, brokenStream), cuts, (stream, places) => {
        expect(readWhole(split(stream, places), MAX_MESSAGE_SIZE)).toEqual(readWhole([stream], MAX_MESSAGE_SIZE))
      }),
      { numRuns: 300 },
    )
  })

  it('gives the same if control frames are taken out before the messages are read', () => {
    fc.assert(
      fc.property(validStream, cuts, fc.integer({ min: 1, max: 50 }), (stream, places, chunksAhead) => {
        expect(readWhole(split(stream, places), MAX_MESSAGE_SIZE, chunksAhead)).toEqual(readWhole([stream], MAX_MESSAGE_SIZE))
      }),
      { numRuns: 300 },
    )
  })

  it('gives the same bytes to buffers of any size', () => {
    fc.assert(
      fc.property(validStream, cuts, fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }), (stream, places, sizes) => {
        expect(readByParts(split(stream, places), [...sizes, 1])).toEqual(readWhole([stream], MAX_MESSAGE_SIZE))
      }),
      { numRuns: 300 },
    )
  })
})

describe('our frame reader and that of ws', () => {
  it('agree on every valid stream', async () => {
    await fc.assert(
      fc.asyncProperty(validStream, cuts, async (stream, places) => {
        const theirs = await readWithWs(split(stream, places), MAX_MESSAGE_SIZE)

        expect(readWhole(split(stream, places), MAX_MESSAGE_SIZE)).toEqual(asInDotnet(theirs))
      }),
      { numRuns: 300 },
    )
  })

  it('agree on every invalid stream, except for intended differences', async () => {
    await fc.assert(
      fc.asyncProperty(brokenStream, cuts, async (stream, places) => {
        const ours = readWhole(split(stream, places), MAX_MESSAGE_SIZE)
        const theirs = asInDotnet(await readWithWs(split(stream, places), MAX_MESSAGE_SIZE))

        expect(disagreement(ours, theirs, stream)).toBeUndefined()
      }),
      { numRuns: 700 },
    )
  })
})

/**
 * Describes how the readers disagree, if they do. These differences are intended and not reported:
 * - a Close frame without a code reads as 1000, as in .NET (ws: 1005);
 * - text is rejected at its first invalid byte (ws: at the end of the message, after other errors in it);
 * - a length encoded in more bytes than needed is rejected (ws accepts it);
 * - a length of 2^63 and above is rejected with 1002 (ws: 1009);
 * - a Close frame whose reason is not UTF-8 is rejected with 1002, as in Kestrel (ws: 1007);
 * - a misplaced fragment and a Close frame of one byte are rejected when header and payload are complete (ws: after two bytes).
 */
function disagreement(ours: WhatWasRead, theirs: WhatWasRead, stream: Buffer): unknown {
  const failure = ours.failure ?? ''
  const bothFailed = ours.end === 'failure' && theirs.end === 'failure'
  // One reader may have read more than the other, so compare what both have read.
  const count = Math.min(ours.messages.length, theirs.messages.length)
  const isPrefixEqual = ours.messages.slice(0, count).join() === theirs.messages.slice(0, count).join()
  if (isPrefixEqual) {
    if (/text message.*UTF-8/.test(failure) && ours.closeStatus === 1007 && theirs.messages.length === count) return undefined
    if (failure.includes('more bytes than needed') && ours.closeStatus === 1002) return undefined
    if (failure.includes('most significant bit') && ours.closeStatus === 1002 && bothFailed) return undefined
    if (failure.includes('reason') && ours.closeStatus === 1002 && theirs.closeStatus === 1007) return undefined
    if (ours.end === 'more' && theirs.end === 'failure') {
      const decided = readWhole([stream, Buffer.alloc(2 * MAX_MESSAGE_SIZE)], MAX_MESSAGE_SIZE)
      return decided.closeStatus === theirs.closeStatus ? undefined : { decided, theirs }
    }
  }
  const { failure: _ours, ...seen } = ours
  const { failure: _theirs, ...seenByWs } = theirs
  return isDeepStrictEqual(seen, seenByWs) ? undefined : { ours, theirs }
}

/** With the code that .NET reports for a Close frame without one. */
function asInDotnet(read: WhatWasRead): WhatWasRead {
  return read.end === 'close' && read.closeStatus === 1005 ? { ...read, closeStatus: 1000 } : read
}

function split(stream: Buffer, places: readonly number[] | 'every byte'): Buffer[] {
  if (places === 'every byte') return Array.from(stream, (byte) => Buffer.of(byte))
  const ordered = [0, ...places.map((place) => Math.min(place, stream.length)).toSorted((a, b) => a - b), stream.length]
  // Copies, because ws unmasks in place.
  return ordered.slice(1).map((end, index) => Buffer.from(stream.subarray(ordered[index], end)))
}

/** At most 123 bytes, cut between characters. */
function trim(reason: Buffer): Buffer {
  let string = reason.toString()
  while (Buffer.byteLength(string) > 123) string = Array.from(string).slice(0, -1).join('')
  return Buffer.from(string)
}
