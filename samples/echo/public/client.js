const byId = (id) => document.getElementById(id)
const [state, log, empty] = ['state', 'log', 'empty'].map(byId)
const [url, message, code, reason] = ['url', 'message', 'code', 'reason'].map(byId)
const [connect, send, close] = ['connect', 'send', 'close'].map(byId)

/** @type {WebSocket | undefined} */
let webSocket

url.value = new URL('/ws', location.href).href.replace(/^http/, 'ws')

onSubmit('connect-form', () => {
  try {
    webSocket = new WebSocket(url.value)
  } catch (error) {
    addRow('Client', '', `Cannot connect: ${error.message}`, 'event')
    return
  }
  showState()
  webSocket.addEventListener('open', () => {
    addRow('Client', 'Server', 'Connection opened', 'event')
    showState()
    message.focus()
  })
  webSocket.addEventListener('message', ({ data }) => addRow('Server', 'Client', data, 'received'))
  webSocket.addEventListener('close', (event) => {
    const words = [`Connection closed${event.wasClean ? '' : ' without a close handshake'}: code ${event.code}`]
    if (event.reason !== '') words.push(`reason "${event.reason}"`)
    addRow('Server', 'Client', words.join(', '), 'event')
    showState()
    connect.focus()
  })
})

onSubmit('send-form', () => {
  webSocket.send(message.value)
  addRow('Client', 'Server', message.value, 'sent')
  message.select()
})

onSubmit('close-form', () => {
  addRow('Client', 'Server', `Closing: code ${code.value}, reason "${reason.value}"`, 'event')
  try {
    webSocket.close(Number(code.value), reason.value)
  } catch (error) {
    addRow('Client', '', `Cannot close: ${error.message}`, 'event')
  }
  showState()
})

byId('clear').addEventListener('click', () => {
  log.replaceChildren()
  empty.hidden = false
})

function onSubmit(id, listener) {
  byId(id).addEventListener('submit', (event) => {
    event.preventDefault()
    listener()
  })
}

/** What is shown goes through `textContent`: markup in a message stays text. */
function addRow(from, to, data, kind) {
  const row = log.insertRow()
  row.className = kind
  for (const text of [from, to, data]) row.insertCell().textContent = text
  empty.hidden = true
  row.scrollIntoView({ block: 'nearest' })
}

function showState() {
  const [name, words] = [
    ['connecting', 'Connecting ...'],
    ['open', 'Open'],
    ['closing', 'Closing ...'],
    ['closed', 'Closed'],
  ][webSocket?.readyState ?? 3]
  state.dataset.state = name
  state.textContent = words
  for (const control of [message, send, code, reason, close]) control.disabled = name !== 'open'
  for (const control of [url, connect]) control.disabled = name !== 'closed'
}
