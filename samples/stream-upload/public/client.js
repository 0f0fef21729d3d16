const byId = (id) => document.getElementById(id)
const webSocket = new WebSocket(new URL('/upload', location.href).href.replace(/^http/, 'ws'))
/** The list items of the files that the server has not answered yet, in the order in which they were sent. */
const sent = []

webSocket.addEventListener('open', () => showState('open', 'Connected'))
webSocket.addEventListener('close', ({ code }) => showState('failed', `Disconnected (${code}): reload the page to upload more`))
webSocket.addEventListener('message', ({ data }) => {
  const { name, bytes } = JSON.parse(data)
  sent.shift().textContent += `: ${bytes.toLocaleString('en')} bytes, saved as ${name}`
})

byId('form').addEventListener('submit', (event) => {
  event.preventDefault()
  for (const file of byId('files').files) {
    const item = document.createElement('li')
    item.textContent = file.name
    byId('messages').append(item)
    sent.push(item)
    // One message per file. The browser reads the file while it sends it.
    webSocket.send(file)
  }
  byId('form').reset()
})

function showState(name, words) {
  byId('state').dataset.state = name
  byId('state').textContent = words
  byId('send').disabled = name !== 'open'
}
