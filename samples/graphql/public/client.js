const byId = (id) => document.getElementById(id)

// The protocol of the graphql-ws client, without a bundler: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
byId('form').addEventListener('submit', (event) => {
  event.preventDefault()
  const webSocket = new WebSocket(new URL('/graphql', location.href).href.replace(/^http/, 'ws'), 'graphql-transport-ws')
  const send = (message) => webSocket.send(JSON.stringify(message))
  byId('messages').replaceChildren()
  showState('connecting', 'Connecting ...')
  webSocket.addEventListener('open', () => send({ type: 'connection_init' }))
  webSocket.addEventListener('message', ({ data }) => {
    const { type, payload } = JSON.parse(data)
    if (type === 'connection_ack') {
      showState('open', 'Running')
      send({ id: '1', type: 'subscribe', payload: { query: byId('query').value } })
    } else if (type === 'next') {
      addResult(JSON.stringify(payload))
    } else if (type === 'error') {
      for (const { message } of payload) addResult(`Error: ${message}`)
      webSocket.close(1000)
    } else if (type === 'complete') {
      webSocket.close(1000)
    } else if (type === 'ping') {
      send({ type: 'pong' })
    }
  })
  webSocket.addEventListener('close', ({ code, reason }) =>
    code === 1000 ? showState('', 'Done') : showState('failed', `Connection closed: ${code} ${reason}`),
  )
})

function addResult(text) {
  const item = document.createElement('li')
  item.textContent = text
  byId('messages').append(item)
}

function showState(name, words) {
  byId('state').dataset.state = name
  byId('state').textContent = words
}
