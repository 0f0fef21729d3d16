import { createChatApp } from './app.ts'
import { createLocalBus, createRedisBus } from './message-bus.ts'

async function start(): Promise<void> {
  const { PORT = '3000', REDIS_URL } = process.env
  const bus = REDIS_URL === undefined ? createLocalBus() : await createRedisBus(REDIS_URL)
  createChatApp(bus).listen(Number(PORT), () =>
    console.log(`Chat: http://localhost:${PORT}/${REDIS_URL === undefined ? '' : ', through Redis'}`),
  )
}

void start()
