// workers.mjs passes a port, so that several processes can share it.
const [, , sharedPort] = process.argv
// Runs under Bun, so it cannot use listen.mjs.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(sharedPort ?? 0),
  reusePort: sharedPort !== undefined,
  fetch(request) {
    const { pathname } = new URL(request.url)
    return server.upgrade(request, { data: pathname }) ? undefined : new Response(null, { status: 426 })
  },
  websocket: {
    perMessageDeflate: true,
    open(socket) {
      if (socket.data.startsWith('/broadcast')) socket.subscribe('all')
    },
    message(socket, data) {
      const isCompressed = socket.data.endsWith('-deflate')
      if (socket.data.startsWith('/broadcast')) server.publish('all', data, isCompressed)
      else socket.send(data, isCompressed)
    },
  },
})
console.log(JSON.stringify({ port: server.port }))
