const byId = (id) => document.getElementById(id)
const connection = new signalR.HubConnectionBuilder().withUrl('/chat').build()

connection.on('ReceiveMessage', (user, message) => {
  const item = document.createElement('li')
  item.textContent = `${user}: ${message}`
  byId('messages').append(item)
})
connection.onclose(() => showState('Disconnected'))

byId('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  await connection.invoke('SendMessage', byId('user').value, byId('message').value)
  byId('message').value = ''
})

connection.start().then(
  () => showState('Connected'),
  (error) => showState(error.message),
)

function showState(words) {
  byId('state').textContent = words
  byId('send').disabled = words !== 'Connected'
}
