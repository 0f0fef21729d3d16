import type { ManagedWebSocket, WebSocketException } from 'express-use-websockets'
import { WebSocketGroups } from 'express-use-websockets/groups'
import type { Backplane, WebSocketGroupsOptions } from 'express-use-websockets/groups'
import type { RawPeer } from './raw-peer.ts'
import { openInMemory } from './web-socket-pairs.ts'

/** A backplane of this package. */
export type EngineBackplane = Backplane & { readonly isUp: boolean; closeAsync(): Promise<void> }

/** The settings of every process. */
export interface EngineOptions {
  readonly onDown: () => void
  readonly onUp: () => void
}

const processes: (() => unknown)[] = []

/** Ends all simulated processes. For `afterEach`, before the engine is killed. */
export async function closeGroupProcesses(): Promise<void> {
  for (const close of processes.splice(0)) await close()
}

/** A simulated process of an application. */
export class GroupProcess {
  readonly groups: WebSocketGroups
  readonly backplane: EngineBackplane
  readonly events: string[] = []
  readonly errors: WebSocketException[] = []
  readonly #closes: (() => void)[] = []

  constructor(create: (options: EngineOptions) => EngineBackplane, options: WebSocketGroupsOptions = {}) {
    this.backplane = create({ onDown: () => this.#on('down'), onUp: () => this.#on('up') })
    this.groups = new WebSocketGroups({ backplane: this.backplane, onError: (error) => this.errors.push(error), ...options })
    processes.push(
      () => this.groups.dispose(),
      () => this.backplane.closeAsync(),
    )
  }

  /** A member of a group that reads its messages. */
  add(name: string, identity?: string): GroupProcessMember {
    const { webSocket, peer } = openInMemory()
    this.groups.add(name, webSocket, identity)
    return new GroupProcessMember(webSocket, peer)
  }

  /** Resolves when the event has occurred this often. */
  async has(event: 'down' | 'up', count = 1): Promise<void> {
    while (this.events.filter((one) => one === event).length < count) {
      await new Promise<void>((resolve) => void this.#closes.push(resolve))
    }
  }

  #on(event: string): void {
    this.events.push(event)
    for (const resolve of this.#closes.splice(0)) resolve()
  }
}

export class GroupProcessMember {
  readonly webSocket: ManagedWebSocket
  readonly peer: RawPeer

  constructor(webSocket: ManagedWebSocket, peer: RawPeer) {
    this.webSocket = webSocket
    this.peer = peer
  }

  async texts(count: number): Promise<string[]> {
    const texts: string[] = []
    while (texts.length < count) texts.push(String((await this.peer.nextFrame()).payload))
    return texts
  }
}

/** A message in the form in which a process sends it. */
export function envelope(kind: number, payload: string | Buffer, version = 1): Buffer {
  return Buffer.concat([Buffer.from('EW'), Buffer.of(version, kind), Buffer.from('another one.'), Buffer.from(payload)])
}
