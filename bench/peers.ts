import { existsSync } from 'node:fs'
import path from 'node:path'

/** A server to measure, and the command that starts it. */
export interface Peer {
  readonly name: string
  readonly title: string
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** The path to request instead of `/echo`. */
  readonly echoPath?: string
  /** The path to request instead of `/echo` for idle connections. */
  readonly idlePath?: string
  /** Whether it runs outside Node. Such a server reports its port and nothing else. */
  readonly isForeign?: boolean
  /** Whether its requests pass through Express and the five middlewares. */
  readonly isBehindExpress?: boolean
  /** Whether it may use every processor, which it then shares with the load client. */
  readonly usesAllProcessors?: boolean
}

/** The server that all others are compared with. Most of them are built on `ws`. It runs without its native module. */
export const BASELINE = 'ws'

const WITHOUT_NATIVE_MODULES = { WS_NO_BUFFER_UTIL: '1' }

export const PEERS: readonly Peer[] = [
  { name: 'ws', title: 'ws', command: node('ws.mjs'), environment: WITHOUT_NATIVE_MODULES },
  { name: 'ws-bufferutil', title: 'ws with bufferutil', command: node('ws.mjs') },
  { name: 'ours', title: 'express-use-websockets, for await', command: node('ours.mjs'), isBehindExpress: true },
  {
    name: 'ours-receive',
    title: 'express-use-websockets, receiveAsync',
    command: node('ours.mjs'),
    echoPath: '/echo-by-parts',
    isBehindExpress: true,
  },
  { name: 'express-ws', title: 'express-ws', command: node('express-ws.mjs'), isBehindExpress: true },
  { name: 'tinyws', title: 'tinyws', command: node('tinyws.mjs'), isBehindExpress: true },
  { name: 'websocket-express', title: 'websocket-express', command: node('websocket-express.mjs'), isBehindExpress: true },
  { name: 'fastify', title: '@fastify/websocket', command: node('fastify.mjs') },
  { name: 'kestrel', title: 'ASP.NET Core (Kestrel)', command: kestrel(), idlePath: '/idle', isForeign: true },
  { name: 'bun', title: 'Bun', command: bun(), isForeign: true },
]

/** Servers that only some scenarios use. */
export const BY_GROUP: Peer = {
  name: 'ours-group',
  title: 'express-use-websockets, WebSocketGroup',
  command: node('ours.mjs'),
  echoPath: '/broadcast-by-group',
  isBehindExpress: true,
}
export const OVER_TLS: Peer = { name: 'tls', title: 'HTTP/1.1 over TLS', command: node('ours-http2.mjs', '-r', 'esbuild-register') }
export const OVER_HTTP2: Peer = { name: 'http2', title: 'HTTP/2', command: node('ours-http2.mjs', '-r', 'esbuild-register') }
export const BARE_CONNECTION: Peer = { name: 'net', title: 'node:net, throwing all away', command: node('net.mjs') }

/** Servers that use every processor, by one process or thread for each. */
export const PEERS_ON_ALL_PROCESSORS: readonly Peer[] = [
  onAll('ws-cluster', 'ws, node:cluster', [...node('workers.mjs'), 'cluster', 'ws.mjs']),
  onAll('ours-alone', 'express-use-websockets, one process', node('ours.mjs')),
  onAll('ours-cluster', 'express-use-websockets, node:cluster', [...node('workers.mjs'), 'cluster', 'ours.mjs']),
  onAll('ours-reuse-port', 'express-use-websockets, reusePort', [...node('workers.mjs'), 'reuse-port', ...node('ours.mjs')]),
  { ...onAll('kestrel-threads', 'ASP.NET Core (Kestrel), threads', kestrel()), isForeign: true },
  onAll('bun-reuse-port', 'Bun, reusePort', [...node('workers.mjs'), 'reuse-port', ...bun()]),
]

/** Names what must be installed before the peer can start, if it is missing. */
export function missingPart({ command: [program = '', parameter = ''] }: Peer): string | undefined {
  if (program === 'dotnet') return existsSync(parameter) ? undefined : 'the .NET 10 SDK'
  return existsSync(program) ? undefined : `${program}: run npm install in bench/`
}

function onAll(name: string, title: string, command: readonly string[]): Peer {
  return { name, title, command, environment: WITHOUT_NATIVE_MODULES, usesAllProcessors: true }
}

function node(file: string, ...options: string[]): string[] {
  return [process.execPath, '--expose-gc', ...options, server(file)]
}

function bun(): string[] {
  return [path.join(__dirname, 'node_modules/.bin/bun'), server('bun.js')]
}

function server(file: string): string {
  return path.join(__dirname, 'servers', file)
}

function kestrel(): string[] {
  return ['dotnet', server('kestrel/bin/Release/net10.0/kestrel.dll')]
}
