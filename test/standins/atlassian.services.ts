import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atlassianStandIn, type AtlassianStandIn } from './atlassian.ts'
import { authorizeAs, type Visitor } from './authorize-as.ts'

const back = 'http://127.0.0.1:1/callback'

async function visit({ oauth }: AtlassianStandIn, more: Record<string, string> = {}, visitor: Visitor = { account: 'ada' }): Promise<URL> {
  const query = {
    audience: 'api.atlassian.com',
    client_id: oauth.clientId,
    scope: 'read:jira-work read:jira-user offline_access',
    redirect_uri: back,
    state: 'st',
    response_type: 'code',
    prompt: 'consent',
    ...more,
  }
  return new URL(await authorizeAs(`${oauth.authorizeUrl}?${new URLSearchParams(query).toString()}`, visitor))
}

async function token({ oauth }: AtlassianStandIn, fields: Record<string, string>): Promise<any> {
  const body = JSON.stringify({ client_id: oauth.clientId, client_secret: oauth.clientSecret, ...fields })
  return (await fetch(oauth.tokenUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()
}

test('Atlassian gives rotating tokens for a code, and shows two sites whose Jira they open', async () => {
  await using standIn = await atlassianStandIn({ redirectUris: [back] })
  const code = (await visit(standIn)).searchParams.get('code')!
  const fields = { grant_type: 'authorization_code', code, redirect_uri: back }
  assert.equal((await token(standIn, { ...fields, client_secret: 'wrong' })).error, 'access_denied')
  assert.equal((await token(standIn, { ...fields, redirect_uri: `${back}/x` })).error, 'invalid_grant')
  const first = await token(standIn, fields)
  assert.equal((await token(standIn, fields)).error, 'invalid_grant')
  const get = async (path: string, bearer: string): Promise<any> =>
    (await fetch(standIn.url + path, { headers: { authorization: `Bearer ${bearer}` } })).json()
  const sites = await get('/oauth/token/accessible-resources', first.access_token)
  assert.deepEqual(
    sites.map(({ name }: { name: string }) => name),
    ['acme', 'labs'],
  )
  for (const { id } of sites)
    assert.equal((await get(`/ex/jira/${id}/rest/api/3/myself`, first.access_token)).emailAddress, 'ada@example.com')
  assert.equal((await get('/ex/jira/unknown/rest/api/3/myself', first.access_token)).code, 404)
  const write = {
    method: 'POST',
    headers: { authorization: `Bearer ${first.access_token}`, 'content-type': 'application/json' },
    body: '{}',
  }
  assert.equal((await fetch(`${standIn.url}/ex/jira/${sites[0].id}/rest/api/3/issue`, write)).status, 401)
  standIn.expireAccess()
  assert.equal((await get('/oauth/token/accessible-resources', first.access_token)).code, 401)
  const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token }
  const second = await token(standIn, refresh)
  assert.equal((await get('/oauth/token/accessible-resources', second.access_token)).length, 2)
  assert.equal((await token(standIn, refresh)).error, 'unauthorized_client')
})

test('Atlassian tells of a refusal, and knows no other audience and no other address', async () => {
  await using standIn = await atlassianStandIn({ redirectUris: [back] })
  assert.equal((await visit(standIn, {}, { account: 'ada', deny: true })).searchParams.get('error'), 'access_denied')
  await assert.rejects(visit(standIn, { audience: 'elsewhere' }), /400.*audience/)
  await assert.rejects(visit(standIn, { redirect_uri: 'http://127.0.0.1:1/other' }), /400.*redirect_uri/)
})
