const show = (id, text) => {
  document.getElementById(id).textContent = text
}

function connect() {
  const webSocket = new WebSocket(new URL('/ws', location.href).href.replace(/^http/, 'ws'))
  webSocket.addEventListener('open', () => show('state', 'Live'))
  webSocket.addEventListener('message', ({ data }) => {
    const { load, memory, heap } = JSON.parse(data)
    show('load', load.toFixed(2))
    show('memory', `${memory} %`)
    show('heap', `${(heap / 1024 / 1024).toFixed(1)} MiB`)
  })
  webSocket.addEventListener('close', () => {
    show('state', 'Disconnected; trying again ...')
    setTimeout(() => connect(), 1000 + 2000 * Math.random())
  })
}

connect()
