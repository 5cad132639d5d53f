/** The pages of the OAuth server: small, without scripts and without anything from elsewhere. */
export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`
}

export function loginPage(uid: string): string {
  return page(
    'Sign in',
    `<form method="post" action="/interaction/${uid}/login">
<label>Account <input type="text" name="login" autocomplete="username"></label>
<label>Password <input type="password" name="password"></label>
<button type="submit">Sign in</button></form>`,
  )
}

export function consentPage(uid: string, question: { readonly client: string; readonly scopes: readonly string[] }): string {
  const scopes = question.scopes.map((scope) => `<li>${escaped(scope)}</li>`).join('')
  return page(
    'Allow access?',
    `<p>${escaped(question.client)} asks for:</p><ul>${scopes}</ul>
<form method="post" action="/interaction/${uid}/consent">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button></form>`,
  )
}

export function deviceInputPage(form: string): string {
  return page('Connect a device', `${form}<button type="submit" form="op.deviceInputForm">Continue</button>`)
}

export function deviceConfirmPage(form: string, userCode: string): string {
  return page(
    'Is this the code on your device?',
    `<p><code>${escaped(userCode)}</code></p>${form}
<button type="submit" form="op.deviceConfirmForm">Continue</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Abort</button>`,
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
