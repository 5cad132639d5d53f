/** What the scripts of all pages share. */

const message = document.querySelector('#message')

export function show(text, kind = 'failed') {
  message.textContent = text
  message.className = `note ${kind}`
  message.hidden = text === ''
  // It stands at the top, and the form may be far below.
  if (text !== '') message.scrollIntoView({ block: 'nearest' })
}

/** Sends JSON and returns the answer; throws an error whose message is for the person. */
export async function send(path, body, method = 'POST') {
  const init = body === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  let response
  try {
    response = await fetch(path, init)
  } catch {
    throw new Error('The hub cannot be reached. Check your connection, then try again.')
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null)
  if (response.ok) return answer
  if (ended.has(answer?.code)) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`)
  throw new Error(wordsFor(response, answer))
}

/** What the hub answers when there is no sign-in session any more. */
const ended = new Set(['UNAUTHORIZED', 'session_ended'])

const words = {
  UNAUTHORIZED: 'Your sign-in session has ended.',
  INVALID_EMAIL_OR_PASSWORD: 'The e-mail address or the password is wrong.',
  INVALID_PASSWORD: 'The password is wrong.',
  INVALID_CODE: 'The code is wrong. Codes change every 30 seconds; enter the present one.',
  INVALID_BACKUP_CODE: 'The code is wrong, or was used before.',
  INVALID_TWO_FACTOR_COOKIE: 'Too much time has passed. Sign in with your password again.',
  PASSWORD_TOO_SHORT: 'The password is too short: it needs at least 10 characters.',
  SESSION_NOT_FRESH: 'You signed in more than a day ago. Sign out, sign in again, then repeat this.',
  PASSKEY_NOT_FOUND: 'This hub does not know the passkey. Sign in with your password, then add it under your account.',
}

function wordsFor(response, answer) {
  if (response.status === 429) return `Too many attempts. Wait ${response.headers.get('retry-after') ?? 60} seconds, then try again.`
  const fields = answer?.errors?.map(({ path, message: text }) => `${path} ${text}`).join('; ')
  const found = words[answer?.code] ?? fields ?? answer?.detail ?? answer?.message
  return [found ?? `This did not work (${response.status}).`, answer?.hint].filter(Boolean).join(' ')
}

/** Runs `work` with the fields of a form when it is sent, once at a time, and shows what went wrong. */
export function onSubmit(form, work) {
  form?.addEventListener('submit', (event) => {
    event.preventDefault()
    const button = event.submitter ?? form.querySelector('button')
    void run(button, () => work(Object.fromEntries(new FormData(form, event.submitter))))
  })
}

export function onClick(button, work) {
  button?.addEventListener('click', () => void run(button, work))
}

async function run(button, work) {
  show('')
  button.disabled = true
  try {
    await work()
  } catch (error) {
    show(error.message)
  } finally {
    button.disabled = false
  }
}
