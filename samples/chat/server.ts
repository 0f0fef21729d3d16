import { RedisBackplane } from 'express-use-websockets/redis'
import { createClient } from 'redis'
import { createChatApp } from './app.ts'

const { PORT = '3000', REDIS_URL } = process.env
const client = REDIS_URL === undefined ? undefined : createClient({ url: REDIS_URL })
const backplane =
  client &&
  new RedisBackplane(client, { onDown: (error) => console.error('Redis is gone', error), onUp: () => console.log('Redis is here') })
createChatApp(backplane).listen(Number(PORT), () => console.log(`Chat: http://localhost:${PORT}/${client ? ', through Redis' : ''}`))
