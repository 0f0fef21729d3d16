import type { LogEntry, RecordedFrame, RecordedResponse, Transcript } from './transcript.ts'

/** A part of a transcript that differs from the recorded one. */
export interface Difference {
  readonly part: string
  readonly reference: unknown
  readonly ours: unknown
}

/**
 * Compares a transcript with that of the reference. It ignores the length of compressed frames, the reset codes of HTTP/2, reason phrases, bodies,
 * the wording of errors, and data that an aborted connection still delivered.
 */
export function compareTranscripts(reference: Transcript, ours: Transcript): Difference[] {
  const isLossy = endOf(reference) === 'reset' && endOf(ours) === 'reset'
  const expected = toComparable(reference, isLossy)
  const actual = toComparable(ours, isLossy)
  return Object.keys(expected)
    .filter((part) => JSON.stringify(expected[part]) !== JSON.stringify(actual[part]))
    .map((part) => ({ part, reference: expected[part], ours: actual[part] }))
}

function toComparable(transcript: Transcript, isLossy: boolean): Record<string, unknown> {
  return {
    ...(isLossy ? {} : { response: toComparableResponse(transcript), frames: transcript.frames.map(toComparableFrame) }),
    end: endOf(transcript),
    missed: isLossy ? undefined : transcript.missed,
    log: transcript.log?.map(toComparableEntry),
  }
}

function endOf({ end }: Transcript): string {
  if (end === 'closed') return 'reset'
  if (end === 'rst:0') return 'end-stream'
  return end.startsWith('rst:') ? 'reset-stream' : end
}

/** The whole answer if it accepts; only the requested parts if it refuses. */
function toComparableResponse({ response, transport }: Transcript): Pick<RecordedResponse, 'status' | 'headers'> | null {
  if (response === null) return null
  const { status } = response
  const isAccepted = transport === 'h1' ? status === 101 : status < 300
  const headers = response.headers.filter(([name]) => isAccepted || name.startsWith('x-'))
  return { status, headers: headers.map(([name, value]) => [name, IS_CASELESS.has(name) ? value.toLowerCase() : value]) }
}

const IS_CASELESS: ReadonlySet<string> = new Set(['connection', 'upgrade'])

function toComparableFrame(frame: RecordedFrame): unknown {
  return frame.rsv === 0 ? frame : { ...frame, length: 'compressed' }
}

function toComparableEntry(entry: LogEntry): unknown {
  const comparable: Record<string, unknown> = { ...entry }
  if (entry.error !== undefined) comparable['error'] = { ...entry.error, message: undefined, inner: undefined }
  for (const name of ['upgradeHeader', 'versionHeader'] as const) {
    const value = entry[name]
    if (value !== undefined && value !== '') comparable[name] = value.replaceAll(/,\s*/g, ',')
  }
  return comparable
}
