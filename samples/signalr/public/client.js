const byId = (id) => document.getElementById(id)
const connection = new signalR.HubConnectionBuilder()
  .withUrl('/chat')
  // Never gives up. By default, the SignalR client gives up after four attempts.
  .withAutomaticReconnect({
    nextRetryDelayInMilliseconds: ({ previousRetryCount }) => Math.random() * Math.min(30_000, 1000 * 2 ** previousRetryCount),
  })
  .build()

connection.on('ReceiveMessage', (user, message) => {
  const item = document.createElement('li')
  item.textContent = `${user}: ${message}`
  byId('messages').append(item)
  item.scrollIntoView({ block: 'nearest' })
})
connection.onreconnecting(() => showState('waiting', 'Connection lost, trying again ...'))
connection.onreconnected(() => showState('open', 'Connected'))
connection.onclose(() => showState('failed', 'Disconnected'))

byId('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  byId('problem').textContent = ''
  try {
    await connection.invoke('SendMessage', byId('user').value, byId('message').value)
    byId('message').value = ''
  } catch (error) {
    byId('problem').textContent = `Not sent: ${error.message}`
  }
})

connection.start().then(
  () => showState('open', 'Connected'),
  (error) => showState('failed', error.message),
)

function showState(name, words) {
  byId('state').dataset.state = name
  byId('state').textContent = words
  byId('send').disabled = name !== 'open'
}
