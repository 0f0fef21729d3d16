import { describe, expect, it } from '@jest/globals'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { createOriginFilter } from '../../lib/handshake/origin-filter.ts'
import type { AllowedOrigin, OriginFacts } from '../../lib/handshake/origin-filter.ts'

const request = new IncomingMessage(new Socket())

async function isAllowed(allowedOrigins: readonly AllowedOrigin[], origin: string, facts: Partial<OriginFacts> = {}): Promise<boolean> {
  const filter = createOriginFilter(allowedOrigins)
  return filter === undefined || filter({ origin, host: 'server.example', isEncrypted: false, request, ...facts })
}

describe('createOriginFilter', () => {
  it('allows every origin if the list is empty or has an asterisk', () => {
    expect(createOriginFilter([])).toBeUndefined()
    expect(createOriginFilter(['https://a.example', '*'])).toBeUndefined()
  })

  it.each<[AllowedOrigin, string, boolean]>([
    ['http://client.example', 'http://client.example', true],
    ['http://MiXed.example:8080', 'http://mixed.example:8080', true],
    ['http://MiXed.example:8080', 'http://MiXed.example:8080', false],
    ['http://client.example', 'http://client.example/', false],
    ['http://client.example', 'https://client.example', false],
    ['http://client.example', 'http://client.example:80', false],
    ['http://client.example', 'http://client.example.evil.example', false],
    ['http://client.example', 'http://evil.example@client.example', false],
    ['http://client.example', 'http://client.example,http://evil.example', false],
    ['http://client.example', 'null', false],
    ['null', 'null', true],
    ['', 'http://client.example', false],
    ['https://*.client.example', 'https://a.client.example', true],
    ['https://*.client.example', 'https://a.b-1.client.example', true],
    ['https://*.CLIENT.example:8443', 'https://a.client.example:8443', true],
    ['https://*.client.example', 'https://client.example', false],
    ['https://*.client.example', 'https://.client.example', false],
    ['https://*.client.example', 'http://a.client.example', false],
    ['https://*.client.example', 'https://a.client.example:8443', false],
    ['https://*.client.example', 'https://evilclient.example', false],
    ['https://*.client.example', 'https://evil.example/.client.example', false],
    ['https://*.client.example', 'https://evil.example:1@a.client.example', false],
    ['https://*.client.example', 'https://evil.example#.client.example', false],
    ['https://*.client.example', 'https://a..client.example', false],
    ['http://localhost:*', 'http://localhost', true],
    ['http://localhost:*', 'http://localhost:5173', true],
    ['http://localhost:*', 'https://localhost:5173', false],
    ['http://localhost:*', 'http://localhost.evil.example:5173', false],
    ['http://localhost:*', 'http://localhost:5173:1', false],
    ['http://localhost:*', 'http://localhost:5173@evil.example', false],
    ['http://localhost:*', 'http://localhost:', false],
    ['http://*.localhost:*', 'http://a.localhost:5173', true],
    ['http://*.localhost:*', 'http://localhost:5173', false],
    ['http://*.localhost:*', 'http://evil.example:1@a.localhost:5173', false],
    ['http://[::1]:*', 'http://[::1]', true],
    ['http://[::1]:*', 'http://[::1]:3000', true],
    ['file://', 'file://', true],
    ['file://', 'null', false],
    ['app://localhost', 'app://localhost', true],
    [/https:\/\/(a|b)\.example/, 'https://a.example', true],
    [/https:\/\/a\.example|https:\/\/b\.example/, 'https://b.example', true],
    [/https:\/\/a\.example|https:\/\/b\.example/, 'https://a.example.evil.example', false],
    [/a\.example/, 'https://a.example', false],
    [/HTTPS:\/\/A\.EXAMPLE/i, 'https://a.example', true],
  ])('with %s, allows %s: %s', async (allowed, origin, expected) => {
    expect(await isAllowed([allowed], origin)).toBe(expected)
  })

  it('resets the state of a global RegExp', async () => {
    const filter = createOriginFilter([/https:\/\/a\.example/g])
    const facts = { origin: 'https://a.example', host: undefined, isEncrypted: false, request }
    expect([filter?.(facts), filter?.(facts)]).toEqual([true, true])
  })

  it.each<[string, Partial<OriginFacts>, boolean]>([
    ['http://server.example', {}, true],
    ['https://server.example', {}, true],
    ['https://server.example', { host: 'Server.Example' }, true],
    ['https://server.example', { host: 'server.example:443' }, true],
    ['http://server.example', { host: 'server.example:80' }, true],
    ['http://server.example:8080', { host: 'server.example:8080' }, true],
    ['http://[::1]:8080', { host: '[::1]:8080' }, true],
    ['https://server.example', { isEncrypted: true }, true],
    ['http://server.example', { isEncrypted: true }, false],
    ['https://server.example:8443', { host: 'server.example' }, false],
    ['https://server.example', { host: 'server.example:80' }, false],
    ['https://evil.example', {}, false],
    ['https://server.example.evil.example', {}, false],
    ['https://evil@server.example', {}, false],
    ['https://server.example/', {}, false],
    ['null', {}, false],
    ['chrome-extension://server.example', {}, false],
    ['https://server.example', { host: undefined }, false],
  ])("with 'same-origin', allows %s for %j: %s", async (origin, facts, expected) => {
    expect(await isAllowed(['same-origin'], origin, facts)).toBe(expected)
  })

  it('calls predicates one by one with the request until one returns true', async () => {
    const asked: unknown[] = []
    const predicate = (answer: boolean | Promise<boolean>) => (origin: string, about: IncomingMessage) => {
      asked.push([origin, about])
      return answer
    }
    expect(
      await isAllowed([predicate(false), predicate(Promise.resolve(false)), predicate(true), predicate(true)], 'https://a.example'),
    ).toBe(true)
    expect(asked).toEqual(Array.from({ length: 3 }, () => ['https://a.example', request]))
    expect(await isAllowed([predicate(false), predicate(Promise.resolve(false))], 'https://a.example')).toBe(false)
  })

  it('calls no predicate for an origin in the list', async () => {
    expect(await isAllowed([unasked, 'https://a.example'], 'https://a.example')).toBe(true)
  })

  it('treats only true as approval', async () => {
    expect(await isAllowed([answering('yes'), answering(Promise.resolve(1)), answering(undefined)], 'https://a.example')).toBe(false)
  })

  it('rejects with the error of a predicate', async () => {
    await expect(isAllowed([rejecting], 'https://a.example')).rejects.toThrow('no database')
  })
})

function unasked(): boolean {
  throw new Error('was asked')
}

/** A predicate as plain JavaScript may pass it. */
function answering(answer: unknown): AllowedOrigin {
  return (() => answer) as () => boolean
}

async function rejecting(): Promise<boolean> {
  throw new Error('no database')
}
