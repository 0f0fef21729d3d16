import { connectWebSocket } from './connect-web-socket.js'

const byId = (id) => document.getElementById(id)
const webSocket = connectWebSocket('/ws')

webSocket.addEventListener('open', () => showState('open', 'Connected'))
webSocket.addEventListener('close', ({ retryDelay }) =>
  retryDelay === null ? showState('failed', 'Disconnected') : showState('waiting', 'Connection lost, trying again ...'),
)
webSocket.addEventListener('message', ({ data }) => {
  if (/^\d{4}-/.test(data)) {
    byId('time').textContent = new Date(data).toLocaleTimeString()
  } else {
    const item = document.createElement('li')
    item.textContent = data
    byId('messages').append(item)
  }
})

byId('form').addEventListener('submit', (event) => {
  event.preventDefault()
  webSocket.send(byId('message').value)
  byId('message').value = ''
})

function showState(name, words) {
  byId('state').dataset.state = name
  byId('state').textContent = words
}
