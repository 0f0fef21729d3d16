import { createServer } from 'node:http2'
import { describe, expect, it } from '@jest/globals'
import { removeCompatibilityLayer } from '../../../lib/hosting/http2/compatibility-layer.ts'

describe('removeCompatibilityLayer', () => {
  it('finds the undocumented listeners that node:http2 adds for request listeners', () => {
    const server = createServer(() => undefined)
    expect(server.listenerCount('stream')).toBe(1)
    removeCompatibilityLayer(server)
    expect(server.listenerCount('stream')).toBe(0)
    expect(server.listenerCount('request')).toBe(1)
  })

  it('prevents node:http2 from adding them again with a later request listener', () => {
    const server = createServer()
    expect(server.listenerCount('stream')).toBe(0)
    removeCompatibilityLayer(server)
    server.on('request', () => undefined)
    expect(server.listenerCount('stream')).toBe(0)
  })

  it('leaves other listeners', () => {
    const server = createServer()
    server.on('newListener', onNewListener).on('stream', onStream)
    removeCompatibilityLayer(server)
    expect(server.listeners('stream')).toEqual([onStream])
    expect(server.listeners('newListener')).toContain(onNewListener)
  })
})

function onStream(): void {}

function onNewListener(): void {}
