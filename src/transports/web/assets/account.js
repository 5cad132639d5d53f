import { onClick, onSubmit, send, show } from './forms.js'
import { qrPicture } from './qr.js'

const byId = (id) => document.querySelector(`#${id}`)

/** Shows the page again, with what has changed. */
function done() {
  location.reload()
}

/** Easier to type into another device. */
function inFours(key) {
  return key.replaceAll(/.{4}(?=.)/g, '$& ')
}

function showCodes(codes) {
  byId('backup-codes').replaceChildren(
    ...codes.map((code) => {
      const item = document.createElement('li')
      item.textContent = code
      return item
    }),
  )
  byId('backup-codes').hidden = false
}

onSubmit(byId('name-form'), async ({ name }) => {
  await send('/auth/update-user', { name })
  done()
})

onSubmit(byId('password-form'), async (fields) => {
  await send('/auth/change-password', { ...fields, revokeOtherSessions: true })
  byId('password-form').reset()
  show('The password is changed, and your other sign-in sessions have ended.', 'ok')
})

if (typeof PublicKeyCredential?.parseCreationOptionsFromJSON !== 'function') {
  byId('passkey-form').hidden = true
}

onSubmit(byId('passkey-form'), async ({ name }) => {
  const options = await send('/auth/passkey/generate-register-options', undefined, 'GET')
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const credential = await navigator.credentials.create({ publicKey }).catch(() => null)
  if (!credential) {
    show('No passkey was made. Try again, and follow what your browser asks.', 'waiting')
    return
  }
  await send('/auth/passkey/verify-registration', { response: credential.toJSON(), name })
  done()
})

for (const button of document.querySelectorAll('[data-passkey]')) {
  onClick(button, async () => {
    await send('/auth/passkey/delete-passkey', { id: button.dataset.passkey })
    done()
  })
}

onSubmit(byId('enable-form'), async (fields) => {
  const { totpURI, backupCodes } = await send('/auth/two-factor/enable', fields)
  byId('app-link').href = totpURI
  byId('qr').replaceChildren(...[qrPicture(totpURI)].filter(Boolean))
  byId('totp-key').textContent = inFours(new URL(totpURI).searchParams.get('secret'))
  showCodes(backupCodes)
  byId('enable-form').hidden = true
  byId('verify-form').hidden = false
  byId('verify-form').querySelector('input').focus()
})

onSubmit(byId('verify-form'), async ({ code }) => {
  await send('/auth/two-factor/verify-totp', { code })
  done()
})

onSubmit(byId('factor-form'), async ({ change, ...fields }) => {
  if (change === 'off') {
    await send('/auth/two-factor/disable', fields)
    done()
    return
  }
  const { backupCodes } = await send('/auth/two-factor/generate-backup-codes', fields)
  byId('factor-form').reset()
  showCodes(backupCodes)
  show('There are new backup codes below, under “Second factor”. The earlier ones do not work any more.', 'ok')
})

onSubmit(byId('link-form'), async (fields) => {
  const { url } = await send('/auth/link-social', fields)
  location.assign(url)
})

onSubmit(byId('unlink-form'), async (fields) => {
  await send('/auth/unlink-account', fields)
  done()
})

for (const button of document.querySelectorAll('[data-session]')) {
  onClick(button, async () => {
    await send(`/api/v1/sessions/${button.dataset.session}`, undefined, 'DELETE')
    done()
  })
}

onClick(byId('sign-out'), async () => {
  await send('/auth/sign-out', {})
  location.assign('/sign-in')
})
