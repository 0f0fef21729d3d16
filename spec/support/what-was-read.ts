/** What a reader found in a stream of frames. */
export interface WhatWasRead {
  /** Each message: its type, and its payload in hexadecimal. */
  readonly messages: readonly string[]
  readonly pings: readonly string[]
  readonly pongs: readonly string[]
  /** Whether it waits for more, has found a Close frame, or something that is not allowed. */
  readonly end: 'more' | 'close' | 'failure'
  /** The code of the Close frame, or the one to send because of the failure. */
  readonly closeStatus: number | undefined
  readonly reason: string | undefined
  /** What is not allowed, in words. */
  readonly failure: string | undefined
}
