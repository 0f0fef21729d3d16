import { connectWebSocket } from './connect-web-socket.js'

// The server sends all the time, and every message is a sign of life. After four seconds of silence, the client abandons the connection.
const webSocket = connectWebSocket('/ws', { pingInterval: 2000, maxQueuedMessages: 0 })
let receivedAt

webSocket.addEventListener('message', ({ data }) => {
  const { load, memory, heap } = JSON.parse(data)
  receivedAt = new Date()
  show('load', load.toFixed(2))
  show('memory', `${memory} %`)
  show('heap', `${(heap / 1024 / 1024).toFixed(1)} MiB`)
  showState('open', 'Live')
})
webSocket.addEventListener('close', ({ retryDelay }) => {
  if (retryDelay === null) showState('failed', 'Disconnected')
  else showState('waiting', 'Disconnected, trying again ...')
})

function show(id, text) {
  document.getElementById(id).textContent = text
}

function showState(name, words) {
  const state = document.getElementById('state')
  if (state.dataset.state === name) return
  state.dataset.state = name
  state.textContent = words
  for (const tile of document.querySelectorAll('dl > div')) tile.classList.toggle('stale', name !== 'open')
  show('age', name === 'open' || receivedAt === undefined ? '' : `These values are from ${receivedAt.toLocaleTimeString()}.`)
}
