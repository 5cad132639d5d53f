import assert from 'node:assert/strict'
import { appAt, fieldsOf, firstPerson, registerApp } from '#test'
import type { Canaries } from './secrets.ts'

export interface SignInPlace {
  readonly url: string
  /** Where the hub wrote the link for its first person. */
  readonly dataDir: string
}

/** Codes and tokens of apps and of command lines, right ones and wrong ones. Those that the hub gives out are known to whom it gave them. */
export async function exerciseApps(
  { url, dataDir }: SignInPlace,
  secrets: Canaries,
  saw: (what: string, text: string) => void,
): Promise<void> {
  const ada = await firstPerson({ dataDir, address: async () => url })
  const app = await registerApp(url, { token_endpoint_auth_method: 'client_secret_post' })
  secrets.add('the secret of an app', app.client.secret!)
  secrets.add('the verifier of an app', app.verifier)
  const code = (await app.decide(ada, { scope: 'tools:call integrations:read' })).searchParams.get('code')!
  secrets.add('a code of an app', code)
  const tokens = await app.exchange(code)
  assert.equal(tokens.status, 200)
  secrets.add('the access token of an app', tokens.access_token)
  secrets.add('the refresh token of an app', tokens.refresh_token)
  const call = async (path: string, authorization: string, body?: object): Promise<void> => {
    const response = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    saw(`answer of ${path} to an app`, `${JSON.stringify([...response.headers])}${await response.text()}`)
  }
  const asks = (name: string): object => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })
  for (const name of ['hub_list_integrations', 'hub_list_flows', 'http_request'])
    await call('/mcp', `Bearer ${tokens.access_token}`, asks(name))
  for (const path of ['/api/v1/users/me', '/metrics']) await call(path, `Bearer ${tokens.access_token}`)
  for (const prefix of ['iha_', 'ih_']) await call('/mcp', `Bearer ${prefix}${secrets.mint('a token of no app')}`, asks('http_request'))

  const wrong = async (what: string, answer: Promise<object>): Promise<void> => saw(what, JSON.stringify(await answer))
  await wrong('a code again', app.exchange(code))
  await wrong('no code', app.exchange(secrets.mint('a code that is none')))
  await wrong('no refresh token', app.token({ grant_type: 'refresh_token', refresh_token: secrets.mint('a refresh token that is none') }))
  await wrong('no secret', appAt(url, { ...app.client, secret: secrets.mint('a wrong secret of an app') }).exchange('ihc_none'))
  for (const token of [tokens.refresh_token, secrets.mint('a token to revoke that is none')]) {
    const form = { token, client_id: app.client.clientId, client_secret: app.client.secret! }
    const revoked = await fetch(`${url}/oauth/revoke`, { method: 'POST', body: new URLSearchParams(form) })
    saw('answer of /oauth/revoke', await revoked.text())
  }

  const post = async (path: string, form: Record<string, string>): Promise<Record<string, string>> => {
    const response = await fetch(url + path, { method: 'POST', body: new URLSearchParams({ client_id: 'hub-cli', ...form }) })
    return (await response.json()) as Record<string, string>
  }
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const begun = await post('/oauth/device', { machine: 'a machine' })
  secrets.add('a device code', begun['device_code']!)
  const page = await ada.call('GET', `/device?code=${begun['user_code']}`)
  await ada.form('/device', { ...fieldsOf(page.text), decision: 'allow' })
  const given = await post('/oauth/token', { grant_type, device_code: begun['device_code']! })
  secrets.add('the token of a command line', given['access_token']!)
  await call('/api/v1/users/me', `Bearer ${given['access_token']}`)
  await wrong('a device code again', post('/oauth/token', { grant_type, device_code: begun['device_code']! }))
  await wrong('no device code', post('/oauth/token', { grant_type, device_code: secrets.mint('a device code that is none') }))
  await wrong('end of the login', post('/oauth/revoke', { token: given['access_token']! }))
  for (const path of ['/account/apps', '/api/v1/grants', '/api/v1/audit']) saw(`page ${path}`, (await ada.call('GET', path)).text)
}
