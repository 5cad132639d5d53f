import { send, show } from './forms.js'

const { attempt, integration, workspace } = document.querySelector('main').dataset
const connect = document.querySelector('#connect')
const sameTab = document.querySelector('#same-tab')
const again = document.querySelector('#again')
const cancel = document.querySelector('#cancel')

const query = (more) => new URLSearchParams({ integration, workspace, ...more }).toString()
const start = `/connect/start?${query({ attempt })}`
// Without an attempt that this page waits for: the last page leads back here.
sameTab.href = `/connect/start?${query({})}`

let timer

connect.addEventListener('click', () => {
  // In the click itself, or the browser takes it for an advertisement.
  const popup = window.open(start, 'integration-hub-connect', 'popup,width=620,height=760')
  connect.hidden = true
  again.hidden = false
  if (popup === null) {
    show('Your browser blocked the window.', 'waiting')
    sameTab.hidden = false
    return
  }
  cancel.hidden = false
  show('Continue in the window that opened…', 'waiting')
  timer = setInterval(look, 1500)
})

again.addEventListener('click', () => location.reload())
cancel.addEventListener('click', async () => {
  await send(`/api/v1/connections/${attempt}`, undefined, 'DELETE').catch(() => undefined)
  await look()
})

// What other windows say is only a hint that something may have changed. A closed window says nothing: providers cut the tie between windows.
const hinted = ({ data, origin }) => {
  if ((origin === '' || origin === location.origin) && data?.type === 'integration-hub.connect' && data.attempt === attempt) void look()
}
new BroadcastChannel('integration-hub').addEventListener('message', hinted)
addEventListener('message', hinted)

async function look() {
  const answer = await fetch(`/api/v1/connections/${attempt}`, { headers: { 'hub-workspace': workspace } }).catch(() => undefined)
  // Before the window has begun it, there is nothing to see.
  if (!answer?.ok) return
  const { status, account, problem } = await answer.json()
  if (status === 'waiting' || status === 'choosing') return
  clearInterval(timer)
  cancel.hidden = true
  sameTab.hidden = true
  if (status === 'connected') {
    again.hidden = true
    show(account === null ? 'Connected.' : `Connected as ${account}.`, 'ok')
    return
  }
  const words = [problem?.detail ?? `It ended: ${status}.`, problem?.hint].filter(Boolean)
  show(words.join(' '))
}
