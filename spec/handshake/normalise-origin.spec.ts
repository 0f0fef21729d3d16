import { describe, expect, it } from '@jest/globals'
import { normaliseOrigin } from '../../lib/handshake/normalise-origin.ts'

describe('normaliseOrigin', () => {
  it.each([
    ['https://client.com', 'https://client.com'],
    ['HTTPS://Client.Com', 'https://client.com'],
    ['https://client.com:443', 'https://client.com'],
    ['https://client.com:', 'https://client.com'],
    ['http://client.com:80', 'http://client.com'],
    ['http://client.com:443', 'http://client.com:443'],
    ['https://client.com:8443', 'https://client.com:8443'],
    ['https://M\u00FCller.de', 'https://xn--mller-kva.de'],
    ['https://*.M\u00FCller.de:443', 'https://*.xn--mller-kva.de'],
    ['https://*.client.com', 'https://*.client.com'],
    ['http://localhost:*', 'http://localhost:*'],
    ['http://LOCALHOST:*', 'http://localhost:*'],
    ['http://*.localhost:*', 'http://*.localhost:*'],
    ['http://127.1', 'http://127.0.0.1'],
    ['http://[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000'],
    ['http://[::1]:*', 'http://[::1]:*'],
    ['file://', 'file://'],
    ['app://', 'app://'],
    ['app://.', 'app://.'],
    ['app://localhost', 'app://localhost'],
    ['app://localhost:*', 'app://localhost:*'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['ionic://localhost', 'ionic://localhost'],
    ['chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb', 'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb'],
    ['moz-extension://8A1F6C9D-0000-4000-8000-000000000000', 'moz-extension://8a1f6c9d-0000-4000-8000-000000000000'],
  ])('writes %s as browsers do: %s', (text, origin) => {
    expect(normaliseOrigin(text)).toEqual({ origin })
    // A normalised origin does not change.
    expect(normaliseOrigin(origin)).toEqual({ origin })
  })

  it.each([
    ['client.com', "contain origins like 'https://client.com'; 'client.com' has no scheme or no host"],
    ['https://', "contain origins like 'https://client.com'; 'https://' has no scheme or no host"],
    ['*://client.com', "contain origins like 'https://client.com'; '*://client.com' has no scheme or no host"],
    ['data:text/html,', "contain origins like 'https://client.com'; 'data:text/html,' has no scheme or no host"],
    ['wss://client.com', "contain origins of pages: write 'https://client.com' instead of 'wss://client.com'"],
    ['ws://localhost:3000', "contain origins of pages: write 'http://localhost:3000' instead of 'ws://localhost:3000'"],
    ['https://client.com/', "contain origins without a path: write 'https://client.com' instead of 'https://client.com/'"],
    ['file:///', "contain origins without a path: write 'file://' instead of 'file:///'"],
    ['app://localhost/index.html', "contain origins without a path: write 'app://localhost' instead of 'app://localhost/index.html'"],
    ['https://user@client.com', "contain origins without a user, not 'https://user@client.com'"],
    ['https://client .com', "contain origins without a path: write 'https://client' instead of 'https://client .com'"],
    ['https://client.com:99999', "contain origins with a valid host and port, not 'https://client.com:99999'"],
    ['https://client.com:port', "contain origins with a valid host and port, not 'https://client.com:port'"],
    ['https://256.1.1.1', "contain origins with a valid host and port, not 'https://256.1.1.1'"],
    ...['https://client.com:8080:*', 'https://client.com:443:*', 'https://[::1]:1:*'].map((text) => [
      text,
      `contain one port or ':*' for every port, not '${text}'`,
    ]),
    ['https://a<b.com', "contain origins with a valid host and port, not 'https://a<b.com'"],
    ...['https://*', 'https://*:*', 'https://a.*.com', 'https://*client.com', 'https://**.client.com', 'http://localhost:30*'].map(
      (text) => [
        text,
        `contain '*' only as the first label of the host or as the port, as in 'https://*.client.com' and 'http://localhost:*', not '${text}'`,
      ],
    ),
  ])('refuses %s', (text, remedy) => {
    expect(normaliseOrigin(text)).toEqual({ remedy })
  })
})
