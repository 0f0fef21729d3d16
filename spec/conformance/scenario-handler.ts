import type { Request, Response } from 'express'
import { WebSocketException, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketAcceptContext } from 'express-use-websockets'
import { echo } from './echo.ts'
import { logOutcome } from './log-outcome.ts'
import { Player } from './player.ts'
import type { Script } from './scenario.ts'
import type { ScenarioLogs } from './scenario-logs.ts'
import type { LogEntry } from './transcript.ts'

/** Creates the handler of the scenario server. It plays the operations of the header `x-scenario`, or echoes without that header. */
export function createScenarioHandler(logs: ScenarioLogs): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const header = request.get('x-scenario')
    if (header === undefined) return echoPlainly(request, response)
    delete request.headers['x-scenario']
    const script: Script = JSON.parse(Buffer.from(header, 'base64').toString())
    const log: LogEntry[] = []
    const end = await handle(request, response, script, log)
    // A copy, because later entries do not belong to it.
    logs.complete(script.id, [...log])
    end()
  }
}

/** Runs the script to the end of its operations, and resolves with the way to end the connection. */
async function handle(request: Request, response: Response, script: Script, log: LogEntry[]): Promise<() => void> {
  const { webSockets } = request as Partial<Request>
  const isWebSocketRequest = webSockets?.isWebSocketRequest ?? false
  log.push({
    op: 'request',
    method: request.method,
    isWebSocketRequest,
    requestedProtocols: webSockets?.webSocketRequestedProtocols ?? [],
    upgradeHeader: request.headers.upgrade ?? '',
    versionHeader: request.headers['sec-websocket-version'] ?? '',
  })
  applyBefore(response, script)
  if (script.refuse !== undefined && script.refuse !== null) {
    log.push({ op: 'refused' })
    return () => response.end()
  }
  if (!isWebSocketRequest && (script.acceptAnyway ?? undefined) === undefined) {
    return () => response.status(400).end()
  }
  const socket = await acceptLogged(request, script, log)
  if (socket !== undefined) return play(new Player(request, socket, log), socket, script)
  return () => response.status(response.headersSent ? response.statusCode : 500).end()
}

function applyBefore(response: Response, { before }: Script): void {
  if (before === undefined || before === null) return
  for (const [name, value] of Object.entries(before.headers ?? {})) response.appendHeader(name, value)
  if (before.status !== undefined) response.status(before.status)
  if (before.body !== undefined) response.write(before.body)
}

async function acceptLogged(request: Request, script: Script, log: LogEntry[]): Promise<ManagedWebSocket | undefined> {
  let socket: ManagedWebSocket | undefined
  const run = async (): Promise<unknown> => {
    socket = await accept(request, script)
    return { subProtocol: socket.subProtocol }
  }
  await logOutcome(log, 'accept', run, 3000, () => socket)
  return socket
}

function accept(request: Request, script: Script): Promise<ManagedWebSocket> {
  const { webSockets } = request as Partial<Request>
  if (webSockets === undefined) throw new WebSocketException('ERR_WEBSOCKET_NOT_SUPPORTED', 'There is no useWebSockets() in front')
  const { accept: argument } = script
  if (argument === undefined || argument === null) return webSockets.acceptWebSocketAsync()
  if (Object.keys(argument).join() === 'subProtocol') return webSockets.acceptWebSocketAsync(argument['subProtocol'] as string | null)
  return webSockets.acceptWebSocketAsync(toContext(argument))
}

/** In .NET, -1 milliseconds means an infinite time. */
function toContext(argument: NonNullable<Script['accept']>): WebSocketAcceptContext {
  const durations = Object.entries(argument).filter(([name, value]) => name.startsWith('keepAlive') && value === -1)
  return { ...argument, ...Object.fromEntries(durations.map(([name]) => [name, Infinity])) }
}

/** ASP.NET Core ends the connection when the handler returns. This package would wait for the socket. */
async function play(player: Player, socket: ManagedWebSocket, script: Script): Promise<() => void> {
  try {
    await player.play(script.ops ?? [])
  } catch {
    return () => socket.abort()
  }
  return () => {
    if (socket.state !== WebSocketState.Aborted) socket.dispose()
  }
}

/** The sample of the ASP.NET Core documentation: echoes in parts of `?buffer=` bytes. */
async function echoPlainly(request: Request, response: Response): Promise<void> {
  const { webSockets } = request as Partial<Request>
  if (webSockets === undefined || !webSockets.isWebSocketRequest) {
    response.status(400).json({ isWebSocketRequest: false, method: request.method })
    return
  }
  using socket = await webSockets.acceptWebSocketAsync({ dangerousEnableCompression: 'compression' in request.query })
  const size = Number(request.query['buffer'])
  await echo(socket, Number.isSafeInteger(size) && size > 0 ? size : 4096).catch(() => undefined)
}
