const { useWebSockets } = require('express-use-websockets')
const { echoAsync } = require('./echo.cjs')

echoAsync(useWebSockets, 'from require').then(console.log)
