import { connectWebSocket } from './connect-web-socket.js'

const byId = (id) => document.getElementById(id)

/** The longest message that the server accepts, in bytes: its `maxMessageSize`. */
const MAX_BYTES = 4096

/** The client for the current room. */
let webSocket

byId('join').addEventListener('submit', (event) => {
  event.preventDefault()
  webSocket?.close()
  const room = byId('room').value
  const address = `/rooms/${encodeURIComponent(room)}?user=${encodeURIComponent(byId('user').value)}`
  // After a message that is too long (1009), connect again.
  const joined = connectWebSocket(address, { shouldReconnect: ({ code }, byDefault) => byDefault || code === 1009 })
  webSocket = joined
  byId('messages').replaceChildren()
  showNote('refusal', '')
  showNote('engine', '')
  showState('connecting', `Joining ${room} ...`)
  joined.addEventListener('open', () => showState('open', `In ${room}`))
  joined.addEventListener('message', ({ data }) => joined === webSocket && show(JSON.parse(data)))
  joined.addEventListener('close', (closed) => joined === webSocket && showClose(closed))
})

byId('say').addEventListener('submit', (event) => {
  event.preventDefault()
  const { value } = byId('text')
  const bytes = new TextEncoder().encode(value).length
  if (bytes > MAX_BYTES) return showNote('refusal', `Not sent: the message has ${bytes} bytes, but the limit is ${MAX_BYTES}.`)
  if (!webSocket.send(value)) return showNote('refusal', 'Not sent: too many messages are waiting for the connection.')
  showNote('refusal', '')
  byId('text').value = ''
  if (webSocket.state !== 'open') showState('waiting', 'Connection lost: the message will be sent later')
})

/**
 * Shows a message of the server: a chat message (`{ user, text }`), a refusal of a message (`{ refused: 'why' }`), or the state of the engine between
 * its processes (`{ engine: 'gone' }`).
 */
function show({ user, text, refused, engine }) {
  if (refused !== undefined) return showNote('refusal', `Not sent: ${refused}`)
  if (engine !== undefined)
    return showNote('engine', engine === 'gone' ? 'Redis is gone: you only see messages of people on the same server process.' : '')
  const item = document.createElement('li')
  const name = document.createElement('span')
  name.className = 'user'
  name.textContent = `${user}:`
  item.className = text === 'joined' || text === 'left' ? 'event' : ''
  // As a text node: markup in a message stays text.
  item.append(name, ` ${text}`)
  byId('messages').append(item)
  item.scrollIntoView({ block: 'nearest' })
}

function showClose({ code, reason, retryDelay }) {
  const why = code === 1009 ? 'the message is too long' : reason
  if (why !== '' && code !== 1006) showNote('refusal', `The server closed the connection: ${why}`)
  if (retryDelay === null) showState('failed', 'Not connected')
  else showState('waiting', 'Connection lost, trying again ...')
}

function showNote(id, words) {
  byId(id).textContent = words
}

function showState(name, words) {
  byId('state').dataset.state = name
  byId('state').textContent = words
  for (const id of ['text', 'send']) byId(id).disabled = name === 'connecting' || name === 'failed'
  if (name === 'open' && document.activeElement === document.body) byId('text').focus()
}
