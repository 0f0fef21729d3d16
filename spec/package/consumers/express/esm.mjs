import { useWebSockets } from 'express-use-websockets'
import { echoAsync } from './echo.cjs'

console.log(await echoAsync(useWebSockets, 'from import'))
