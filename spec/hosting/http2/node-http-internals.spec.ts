/* oxlint-disable no-underscore-dangle -- the undocumented members are what this is about */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { asNetSocket } from '../../../lib/hosting/http2/node-http-internals.ts'
import type { IncomingMessageInternals, ServerResponseInternals } from '../../../lib/hosting/http2/node-http-internals.ts'
import type { StreamSocket } from '../../../lib/hosting/http2/stream/stream-socket.ts'

describe('the undocumented members of IncomingMessage', () => {
  it('parse header lines into all derived properties', () => {
    const request = createRequest()
    const lines = ['host', 'a', 'cookie', 'b=1', 'cookie', 'c=2']
    request._addHeaderLines(lines, lines.length)
    expect(request.rawHeaders).toEqual(lines)
    expect(request.headers).toEqual({ host: 'a', cookie: 'b=1; c=2' })
    expect(request.headersDistinct).toEqual({ host: ['a'], cookie: ['b=1', 'c=2'] })
  })

  it('read trailers once the message is complete', () => {
    const request = createRequest()
    request.complete = true
    request._addHeaderLines(['x-sum', '1'], 2)
    expect(request.trailers).toEqual({ 'x-sum': '1' })
    expect(request.headers).toEqual({})
  })

  it('report whether the message is read, and discard unread bytes', async () => {
    const request = createRequest()
    expect(request._consuming).toBe(false)
    request.read()
    expect(request._consuming).toBe(true)
    const unread = createRequest()
    unread.push('unread')
    unread.push(null)
    unread._dump()
    await new Promise((resolve) => unread.on('end', resolve))
    expect(unread.readableLength).toBe(0)
  })

  it('resume the socket when the request is read', async () => {
    const request = createRequest()
    const resumed = new Promise((resolve) => {
      request.socket.resume = () => {
        resolve('resumed')
        return request.socket
      }
    })
    request.read()
    expect(await resumed).toBe('resumed')
  })
})

describe('the undocumented members of ServerResponse', () => {
  it('call _storeHeader once with what writeHead() was given, if nothing was set before', () => {
    const { response, heads } = createResponse()
    response.writeHead(201, ['a', '1', 'a', '2'])
    expect(heads).toEqual([['HTTP/1.1 201 Created\r\n', ['a', '1', 'a', '2']]])
    expect(response.getHeaderNames()).toEqual([])
  })

  it('merge the arguments of writeHead() into the fields set before', () => {
    const { response, heads } = createResponse()
    response.setHeader('a', '1')
    response.writeHead(200, { b: '2' })
    expect(heads).toHaveLength(1)
    expect(response.getHeaders()).toEqual({ a: '1', b: '2' })
  })

  it('treat the head as sent if _header and _headerSent are set', () => {
    const { response } = createResponse()
    expect(response.headersSent).toBe(false)
    response.flushHeaders()
    expect(response.headersSent).toBe(true)
    expect(() => response.setHeader('late', '1')).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }))
  })

  it('know the length of the body if end() gets all of it', () => {
    const whole = createResponse()
    whole.response.end('four')
    expect(whole.lengths).toEqual([4])
    const empty = createResponse()
    empty.response.end()
    expect(empty.lengths).toEqual([0])
    const parts = createResponse()
    parts.response.write('four')
    parts.response.end('more')
    expect(parts.lengths).toEqual([null])
  })

  it('write body and informational responses by _writeRaw, and call back', async () => {
    const { response, pieces } = createResponse()
    response.writeContinue()
    response.writeProcessing()
    response.writeEarlyHints({ link: '</a>; rel=preload' })
    const written = new Promise((resolve) => response.write('body', resolve))
    const finished = new Promise<void>((resolve) => response.on('finish', resolve))
    response.end()
    await Promise.all([written, finished])
    expect(pieces.filter((piece) => piece !== '')).toEqual([
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 102 Processing\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n',
      'body',
    ])
  })

  it('emit prefinish within end(), after the last chunk', () => {
    const { response, pieces } = createResponse()
    const seen: string[][] = []
    response.on('prefinish', () => seen.push([...pieces]))
    response.end('last')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toContain('last')
  })

  it('store trailers as lines', () => {
    const { response } = createResponse()
    response.addTrailers([
      ['X-Sum', '1'],
      ['X-Other', '2'],
    ])
    expect(response._trailer).toBe('X-Sum: 1\r\nX-Other: 2\r\n')
  })

  it('write no body if _hasBody is false', () => {
    const { response, pieces } = createResponse()
    response._hasBody = false
    expect(response.write('body')).toBe(true)
    expect(pieces).toEqual([])
  })

  it('close with the socket', async () => {
    const { response } = createResponse()
    const closed = new Promise((resolve) => response.on('close', () => resolve(response.destroyed)))
    response.socket?.destroy()
    expect(await closed).toBe(true)
  })
})

function createSocket(): StreamSocket {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback() }) as StreamSocket
}

function createRequest(): IncomingMessageInternals {
  return new IncomingMessage(asNetSocket(createSocket())) as IncomingMessageInternals
}

/** A response that is set up as for HTTP/2, but records what it would send. */
function createResponse() {
  const request: IncomingMessage = createRequest()
  const response = new ServerResponse(request) as ServerResponseInternals
  const heads: unknown[][] = []
  const lengths: (number | null)[] = []
  const pieces: string[] = []
  response._storeHeader = (...head) => {
    heads.push(head)
    lengths.push(response._contentLength)
    response._header = head[0]
    response._headerSent = true
  }
  response._writeRaw = (data, encoding, callback) => {
    pieces.push(String(data))
    const done = typeof encoding === 'function' ? encoding : callback
    if (done) process.nextTick(done)
    return true
  }
  response.assignSocket(asNetSocket(createSocket()))
  return { response, heads, lengths, pieces }
}
