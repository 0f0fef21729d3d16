import { afterEach, describe, expect, it } from '@jest/globals'
import { connectionError } from '../../lib/errors/connection-error.ts'

const { stackTraceLimit } = Error

afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit
})

describe('the error of a connection', () => {
  it('has a one-line stack trace, and does not affect that of the next error', () => {
    const error = connectionError('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The connection failed')

    expect(error.stack?.split('\n')).toEqual(['WebSocketException: The connection failed'])
    expect(Error.stackTraceLimit).toBe(stackTraceLimit)
    expect(new Error('next').stack).toContain(__filename)
  })

  it('appends the code of its cause to its message', () => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const error = connectionError('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The connection failed', cause)

    expect(error).toMatchObject({ message: 'The connection failed (ECONNRESET)', cause, webSocketErrorCode: 8 })
  })

  it.each([[undefined], ['a string'], [new Error('without a code')], [{ code: 'NOT_OF_AN_ERROR' }]])(
    'ignores the code of the cause %p',
    (cause) => {
      expect(connectionError('ABORT_ERR', 'The connection failed', cause).message).toBe('The connection failed')
    },
  )

  it.each([0, 1, undefined])('restores an Error.stackTraceLimit of %p', (limit) => {
    Object.assign(Error, { stackTraceLimit: limit })
    connectionError('ABORT_ERR', 'message')

    expect(Error.stackTraceLimit).toBe(limit)
  })
})
