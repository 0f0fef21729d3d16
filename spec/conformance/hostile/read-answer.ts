import { once } from 'node:events'
import type { Socket } from 'node:net'

/** The answer of a server over HTTP/1.1. */
export interface Http1Answer {
  /** `'closed'` if the connection ended without a response. */
  readonly status: number | 'closed'
  readonly head: string
}

/** Reads the head of the response. */
export async function readHttp1Answer(socket: Socket): Promise<Http1Answer> {
  let received = ''
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]).catch(ignore)
  const complete = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (received.includes('\r\n\r\n')) resolve()
    })
  })
  await Promise.race([complete, ended])
  const head = received.slice(0, received.indexOf('\r\n\r\n') + 2)
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]
  return { status: status === undefined ? 'closed' : Number(status), head }
}

function ignore(): void {}
