import { onClick, onSubmit, send, show } from './forms.js'

const { next } = document.querySelector('main').dataset
const passwordForm = document.querySelector('#password-form')
const codeForm = document.querySelector('#code-form')
const others = document.querySelector('#others')

onSubmit(passwordForm, async ({ email, password }) => {
  const answer = await send('/auth/sign-in/email', { email, password })
  if (!answer?.twoFactorRedirect) {
    location.assign(next)
    return
  }
  passwordForm.hidden = true
  others.hidden = true
  codeForm.hidden = false
  codeForm.querySelector('input').focus()
})

onSubmit(codeForm, async ({ code }) => {
  const isTotp = /^\d{6}$/.test(code.trim())
  await send(isTotp ? '/auth/two-factor/verify-totp' : '/auth/two-factor/verify-backup-code', { code: code.trim() })
  location.assign(next)
})

const passkeyButton = document.querySelector('#passkey')
if (typeof PublicKeyCredential?.parseRequestOptionsFromJSON !== 'function') passkeyButton.hidden = true

onClick(passkeyButton, async () => {
  const options = await send('/auth/passkey/generate-authenticate-options', undefined, 'GET')
  const credential = await navigator.credentials
    .get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
    .catch(() => null)
  if (!credential) {
    show('No passkey was chosen. Try again, or use your password.', 'waiting')
    return
  }
  await send('/auth/passkey/verify-authentication', { response: credential.toJSON() })
  location.assign(next)
})

onClick(document.querySelector('#sso'), async () => {
  const { url } = await send('/auth/sign-in/social', { provider: 'sso', callbackURL: next, errorCallbackURL: '/sign-in' })
  location.assign(url)
})
