// Tells the page that opened this window how it went, and closes the window. The page asks the hub what happened: this is only a hint.
const { attempt, status, next } = document.querySelector('main').dataset
const message = { type: 'integration-hub.connect', attempt, status }
new BroadcastChannel('integration-hub').postMessage(message)
window.opener?.postMessage(message, location.origin)
// The window stays open after a failure, because the person has to read why.
if (status === 'connected') {
  if (next) location.replace(next)
  else window.close()
}
