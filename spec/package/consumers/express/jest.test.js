const { useWebSockets } = require('express-use-websockets')
const { echoAsync } = require('./echo.cjs')

it('echoes', async () => {
  expect(await echoAsync(useWebSockets, 'from Jest')).toBe('from Jest')
})
