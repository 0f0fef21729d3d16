/** The result of reading a stream of frames. */
export interface WhatWasRead {
  /** The type and the payload of each message, in hexadecimal. */
  readonly messages: readonly string[]
  readonly pings: readonly string[]
  readonly pongs: readonly string[]
  /** Whether the reader waits for more, has found a Close frame, or has found an error. */
  readonly end: 'more' | 'close' | 'failure'
  /** The code of the Close frame, or the code for the error. */
  readonly closeStatus: number | undefined
  readonly reason: string | undefined
  /** A description of the error. */
  readonly failure: string | undefined
}
