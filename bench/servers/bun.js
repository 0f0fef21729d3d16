// Runs under Bun, whose server is native code; there is nothing of Node's to share with the other servers.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    const { pathname } = new URL(request.url)
    return server.upgrade(request, { data: pathname }) ? undefined : new Response(null, { status: 426 })
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      if (socket.data === '/broadcast') socket.subscribe('all')
    },
    message(socket, data) {
      if (socket.data === '/broadcast') server.publish('all', data)
      else socket.send(data)
    },
  },
})
console.log(JSON.stringify({ port: server.port }))
