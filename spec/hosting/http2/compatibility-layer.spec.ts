import { createServer } from 'node:http2'
import { describe, expect, it } from '@jest/globals'
import { removeCompatibilityLayer } from '../../../lib/hosting/http2/compatibility-layer.ts'

describe('removeCompatibilityLayer', () => {
  it('finds what node:http2 adds for request listeners, whose names are not documented', () => {
    const server = createServer(() => undefined)
    expect(server.listenerCount('stream')).toBe(1)
    removeCompatibilityLayer(server)
    expect(server.listenerCount('stream')).toBe(0)
    expect(server.listenerCount('request')).toBe(1)
  })

  it('keeps it from coming with a later request listener', () => {
    const server = createServer()
    expect(server.listenerCount('stream')).toBe(0)
    removeCompatibilityLayer(server)
    server.on('request', () => undefined)
    expect(server.listenerCount('stream')).toBe(0)
  })

  it('leaves the listeners of others', () => {
    const server = createServer()
    server.on('newListener', onNewListener).on('stream', onStream)
    removeCompatibilityLayer(server)
    expect(server.listeners('stream')).toEqual([onStream])
    expect(server.listeners('newListener')).toContain(onNewListener)
  })
})

function onStream(): void {}

function onNewListener(): void {}
