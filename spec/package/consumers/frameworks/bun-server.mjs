/* The same server as those of probe.mjs, for Bun. Prints its port. */
let early = 0

const server = Bun.serve({
  port: 0,
  fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/deny') return new Response('Log in first', { status: 401, headers: { 'WWW-Authenticate': 'Basic' } })
    if (pathname === '/early-count') return new Response(String(early))
    if (pathname === '/stop') {
      setTimeout(() => server.stop(true))
      return new Response()
    }
    if (server.upgrade(request, { headers: { 'Set-Cookie': 'seen=1' }, data: { pathname } })) return undefined
    return new Response('', { status: 426 })
  },
  websocket: {
    idleTimeout: 8,
    async open(socket) {
      socket.subscribe('news')
      if (socket.data.pathname === '/early') await Bun.sleep(100)
    },
    message(socket, message) {
      if (message === 'publish') socket.publish('news', 'published')
      else early++
    },
  },
})
console.log(server.port)
