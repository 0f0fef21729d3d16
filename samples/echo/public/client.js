const byId = (id) => document.getElementById(id)
const [state, log, empty] = ['state', 'log', 'empty'].map(byId)
const [url, message, code, reason] = ['url', 'message', 'code', 'reason'].map(byId)
const [connect, send, close] = ['connect', 'send', 'close'].map(byId)

/** @type {WebSocket | undefined} */
let webSocket

url.value = new URL('/ws', location.href).href.replace(/^http/, 'ws')

onSubmit('connect-form', () => {
  const name = Math.random().toString(36).slice(2)
  try {
    webSocket = new WebSocket(withName(url.value, name))
  } catch (error) {
    addRow('Client', '', `Cannot connect: ${error.message}`, 'event')
    return
  }
  showState()
  webSocket.addEventListener('open', () => {
    addRow('Client', 'Server', 'Connection opened', 'event')
    showState()
    message.focus()
    void showProtocol(name)
  })
  webSocket.binaryType = 'arraybuffer'
  webSocket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') addRow('Server', 'Client', data, 'received')
    else addRow('Server', 'Client', `Binary message: ${data.byteLength} bytes`, 'event')
  })
  webSocket.addEventListener('close', (event) => {
    const words = [`Connection closed${event.wasClean ? '' : ' without a close handshake'}: code ${event.code}`]
    if (event.reason !== '') words.push(`reason "${event.reason}"`)
    addRow('Server', 'Client', words.join(', '), 'event')
    showState()
    // Keeps the last row in view.
    connect.focus({ preventScroll: true })
  })
})

onSubmit('send-form', () => {
  webSocket.send(message.value)
  addRow('Client', 'Server', message.value, 'sent')
  message.select()
})

onSubmit('close-form', () => {
  try {
    webSocket.close(Number(code.value), reason.value)
    addRow('Client', 'Server', `Closing: code ${code.value}, reason "${reason.value}"`, 'event')
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

/** Adds a row with `textContent`: markup in a message stays text. */
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

/** Asks the server of this page for the HTTP version of the WebSocket with this name. */
async function showProtocol(name) {
  if (new URL(webSocket.url).host !== location.host) return
  const response = await fetch(`/protocols/${name}`)
  const protocol = await response.json()
  if (webSocket.readyState === WebSocket.OPEN) state.textContent = `Open, over ${protocol.replace('.0', '')}`
}

function withName(address, name) {
  const named = new URL(address)
  if (named.host === location.host) named.searchParams.set('name', name)
  return named.href
}
