import { createClient } from 'redis'

/** Carries messages from whoever publishes to all who listen, themselves included. */
export interface MessageBus {
  publish(room: string, message: string): Promise<unknown> | void
  /** Calls back for every message, whatever its room. */
  onMessage(listener: (room: string, message: string) => void): void
  close(): Promise<unknown> | void
}

/** For one process: whoever listens is called at once. */
export function createLocalBus(): MessageBus {
  const listeners: ((room: string, message: string) => void)[] = []
  return {
    publish: (room, message) => listeners.forEach((listener) => listener(room, message)),
    onMessage: (listener) => void listeners.push(listener),
    close: () => undefined,
  }
}

/** For many processes: Redis's publish and subscribe. */
export async function createRedisBus(url: string): Promise<MessageBus> {
  const publisher = await createClient({ url }).on('error', console.error).connect()
  // A connection that subscribes can do nothing else.
  const subscriber = await publisher.duplicate().on('error', console.error).connect()
  return {
    publish: (room, message) => publisher.publish(`chat:${room}`, message),
    onMessage: (listener) => void subscriber.pSubscribe('chat:*', (message, channel) => listener(channel.slice('chat:'.length), message)),
    close: () => Promise.all([publisher.close(), subscriber.close()]),
  }
}
