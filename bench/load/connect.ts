import net from 'node:net'
import tls from 'node:tls'

/** How to connect. */
export interface ConnectOptions {
  readonly isSecure?: boolean
  /** The value of `Sec-WebSocket-Extensions` in the request. The server must accept it. */
  readonly extensions?: string
}

/** A connection after its opening handshake. */
export interface Connection {
  readonly socket: net.Socket
  /** Called with the bytes of each read. The next read overwrites them. */
  onBytes: (bytes: Uint8Array) => void
}

/** Opens one connection and does the opening handshake. Rejects unless the answer is 101. */
export function connect(port: number, path: string, { isSecure = false, extensions }: ConnectOptions = {}): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let head = ''
    const receive = (bytes: Uint8Array): void => {
      head += Buffer.from(bytes).toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const isAccepted = head.startsWith('HTTP/1.1 101 ') && (extensions === undefined || /^sec-websocket-extensions:/im.test(head))
      if (!isAccepted) return reject(new Error(`The server answered ${head.slice(0, end)}`))
      connection.onBytes = () => undefined
      resolve(connection)
    }
    const connection: Connection = {
      socket: isSecure ? openTls(port) : openTcp(port, (bytes) => connection.onBytes(bytes)),
      onBytes: receive,
    }
    const { socket } = connection
    if (isSecure) socket.on('data', (bytes) => connection.onBytes(bytes))
    socket.setNoDelay()
    socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.write(upgradeRequest(path, extensions)))
    socket.on('error', reject)
    socket.once('close', () => reject(new Error(`The server ended the connection after '${head}'`)))
  })
}

/** Opens many connections, a hundred at a time. */
export async function connectMany(count: number, port: number, path: string, options?: ConnectOptions): Promise<Connection[]> {
  const connections: Connection[] = []
  while (connections.length < count) {
    const batch = Math.min(100, count - connections.length)
    connections.push(...(await Promise.all(Array.from({ length: batch }, () => connect(port, path, options)))))
  }
  for (const { socket } of connections) socket.once('close', failRun)
  return connections
}

function failRun(): never {
  throw new Error('The server ended a connection that was in use')
}

export function upgradeRequest(path: string, extensions?: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '\r\n',
  ].join('\r\n')
}

function openTls(port: number): net.Socket {
  return tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
}

/** All connections read into one buffer: a client that allocated memory would be slower than the server. */
function openTcp(port: number, onBytes: (bytes: Uint8Array) => void): net.Socket {
  const callback = (length: number): boolean => {
    onBytes(readBuffer.subarray(0, length))
    return true
  }
  return net.connect({ port, host: '127.0.0.1', onread: { buffer: readBuffer, callback } })
}

/** Shared by all connections, because each read is processed before the next one starts. */
const readBuffer = Buffer.allocUnsafeSlow(262_144)
