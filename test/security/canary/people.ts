import type { Exercise, Given } from './exercises.ts'

/** People who are invited, sign in well and badly, and use a second factor. */
export const peopleExercise: Exercise = {
  name: 'people, their passwords, cookies and second factors',
  async run(hub, secrets) {
    const headers = { origin: hub.url }
    const email = 'canary@example.com'
    const password = secrets.mint('password of a person')
    const cookieOf = ({ cookies }: Given): string => decodeURIComponent(/=([^;]+)/.exec(cookies[0] ?? '')?.[1] ?? '')
    let link = ''
    const inviting = {
      gives: ({ json }: Given) => {
        link = String(json['token'])
        return { 'token of an invitation': link }
      },
    }
    await hub.with(inviting).call('POST', '/api/v1/invitations', { role: 'admin' })
    const open = hub.with({ token: null, headers })
    await open.call('POST', '/invitations/accept', { token: link, name: 'x', email, password: 'short' })
    await open.call('POST', '/invitations/accept', { token: secrets.mint('wrong link'), name: 'x', email, password })
    let cookie = ''
    const joining = {
      token: null,
      headers,
      gives: (given: Given) => {
        cookie = cookieOf(given)
        return { 'cookie of a sign-in session': cookie }
      },
    }
    const joined = await hub.with(joining).call('POST', '/invitations/accept', { token: link, name: 'Canary', email, password })
    if (joined.status !== 200) throw new Error(`the person could not join: ${joined.body}`)
    const signedIn = { ...headers, cookie: `hub.session_token=${encodeURIComponent(cookie)}` }
    const person = hub.with({ token: null, headers: signedIn })
    const enabling = {
      token: null,
      headers: signedIn,
      gives: ({ json }: Given) => ({
        'key of a second factor': new URL(String(json['totpURI'])).searchParams.get('secret')!,
        ...Object.fromEntries((json['backupCodes'] as string[]).map((code, at) => [`backup code ${at}`, code])),
      }),
    }
    await hub.with(enabling).call('POST', '/auth/two-factor/enable', { password })
    await person.call('POST', '/auth/two-factor/verify-totp', { code: '000000' })
    await person.call('POST', '/auth/change-password', {
      currentPassword: secrets.mint('wrong present password'),
      newPassword: secrets.mint('new password'),
    })
    await open.call('POST', '/auth/sign-in/email', { email, password: secrets.mint('wrong password') })
    await open.call('POST', '/auth/sign-in/social', { provider: 'sso', callbackURL: '/account' })
    await open.call('GET', `/setup?token=${secrets.mint('guessed link')}`)
    await open.call('GET', `/auth/callback/sso?code=${secrets.mint('code of single sign-on')}&state=${secrets.mint('state')}`)
    for (const path of ['/account', '/api/v1/users/me', '/api/v1/members', '/api/v1/sessions', '/api/v1/invitations', '/api/v1/audit'])
      await person.call('GET', path)
    await hub.call('GET', '/api/v1/invitations')
    await hub
      .with({ token: null, headers: { ...headers, cookie: `hub.session_token=${secrets.mint('forged cookie')}` } })
      .call('GET', '/api/v1/users/me')
  },
}
