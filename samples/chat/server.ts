import { RedisBackplane } from 'express-use-websockets/redis'
import { createClient } from 'redis'
import { createChatApp } from './app.ts'

const { PORT = '3000', REDIS_URL } = process.env
const app =
  REDIS_URL === undefined ? createChatApp() : createChatApp((listener) => new RedisBackplane(createClient({ url: REDIS_URL }), listener))
app.listen(Number(PORT), () => console.log(`Chat: http://localhost:${PORT}/${REDIS_URL === undefined ? '' : ', through Redis'}`))
