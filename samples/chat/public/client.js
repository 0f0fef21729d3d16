const byId = (id) => document.getElementById(id)
let webSocket

byId('join').addEventListener('submit', (event) => {
  event.preventDefault()
  webSocket?.close(1000)
  const address = new URL(`/rooms/${encodeURIComponent(byId('room').value)}`, location.href)
  address.searchParams.set('user', byId('user').value)
  webSocket = new WebSocket(address.href.replace(/^http/, 'ws'))
  const joined = webSocket
  joined.addEventListener('open', () => showState(`In ${byId('room').value}`, true))
  joined.addEventListener('close', () => joined === webSocket && showState('Not connected', false))
  joined.addEventListener('message', ({ data }) => {
    const { user, text } = JSON.parse(data)
    const item = document.createElement('li')
    item.textContent = `${user}: ${text}`
    byId('messages').append(item)
  })
})

byId('say').addEventListener('submit', (event) => {
  event.preventDefault()
  webSocket.send(byId('text').value)
  byId('text').value = ''
})

function showState(words, isJoined) {
  byId('state').textContent = words
  for (const id of ['text', 'send']) byId(id).disabled = !isJoined
}
