import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testHub } from '#test'

interface Setup {
  readonly oauth: {
    callback_url: string
    credential: string
    fields: string[]
    variables: string[]
    problem: { code: string } | null
  } | null
  readonly webhook: { url: string; has_secret: boolean; setup_schema: object | null } | null
}

suite('what is missing to set an integration up', () => {
  test('says which addresses the outside system needs, and what is stored already', async () => {
    await using hub = await testHub({ HUB_PUBLIC_URL: 'https://hub.example.com' })
    const setup = async (name: string): Promise<Setup> => (await hub.call('GET', `/api/v1/integrations/${name}/setup`)).json<Setup>()
    const create = async (body: object): Promise<void> => {
      const reply = await hub.call('POST', '/api/v1/integrations', body)
      assert.equal(reply.statusCode, 201, reply.body)
    }
    await create({ name: 'octo', integration_type: 'github', auth_type: 'oauth2' })
    const before = await setup('octo')
    const { setup_schema: schema, ...webhook } = before.webhook!
    assert.ok(schema)
    assert.deepEqual(webhook, {
      url: 'https://hub.example.com/api/v1/webhooks/octo',
      has_secret: false,
      samples: ['ping', 'issues', 'pull_request', 'push'],
    })
    assert.equal(before.oauth?.callback_url, 'https://hub.example.com/oauth/callback')
    assert.equal(before.oauth.problem?.code, 'oauth_client_missing')
    assert.deepEqual(before.oauth.fields, ['client_id', 'client_secret'])

    const application = { data: { client_id: 'known-there', client_secret: 'never-shown-again' } }
    assert.equal((await hub.call('PUT', `/api/v1/credentials/${before.oauth.credential}`, application)).statusCode, 200)
    const changed = await hub.call('PATCH', '/api/v1/integrations/octo', { config: { webhook_secret: 'a-long-enough-secret' } })
    assert.equal(changed.statusCode, 200, changed.body)
    const after = await setup('octo')
    assert.equal(after.oauth?.problem, null)
    assert.equal(after.webhook?.has_secret, true)
    assert.doesNotMatch(JSON.stringify(after), /never-shown-again|a-long-enough-secret|known-there/)

    await create({ name: 'site', integration_type: 'http', config: { base_url: 'http://127.0.0.1:9' } })
    assert.deepEqual(await setup('site'), { oauth: null, webhook: null })
  })

  test('is not told without the scope, nor to another workspace', async () => {
    await using hub = await testHub()
    await hub.call('POST', '/api/v1/integrations', { name: 'octo', integration_type: 'github', access_token: 'a-token-of-github' })
    const made = await hub.call('POST', '/api/v1/tokens', { name: 'narrow', scopes: ['events:read'] })
    const narrow = await hub.with({ token: made.json<{ token: string }>().token }).call('GET', '/api/v1/integrations/octo/setup')
    assert.equal(narrow.statusCode, 403)
    assert.equal((await hub.call('POST', '/api/v1/workspaces', { name: 'elsewhere' })).statusCode, 201)
    const elsewhere = await hub.with({ headers: { 'hub-workspace': 'elsewhere' } }).call('GET', '/api/v1/integrations/octo/setup')
    assert.equal(elsewhere.statusCode, 404)
  })
})
