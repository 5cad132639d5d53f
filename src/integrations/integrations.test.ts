import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { sharedHub, type TestHub } from '#test'

/** A secret of Standard Webhooks. */
const secret = (text: string): string => `whsec_${Buffer.from(text.padEnd(24, '-')).toString('base64')}`

interface Shown {
  readonly id: string
  readonly name: string
  readonly credential: string
  readonly enabled: boolean
  readonly status: string
}

suite('an integration', () => {
  let hub: TestHub
  before(async () => {
    hub = await sharedHub()
  })

  const create = async (name: string, own: string): Promise<Shown> => {
    const body = { name, integration_type: 'webhook', credential: { secret: own }, config: { verification: 'standard' } }
    const reply = await hub.call('POST', '/api/v1/integrations', body)
    assert.equal(reply.statusCode, 201, reply.payload)
    return reply.json()
  }
  const secretOf = async ({ credential }: Shown): Promise<unknown> => {
    const { workspaceId } = await hub.hub.access.operator('tester')
    return (await hub.hub.credentials.read(workspaceId, credential))?.['secret']
  }

  test('keeps its own secret when it is renamed and another takes its name', async () => {
    const first = await create('renamed-a', secret('first'))
    const renamed = await hub.call('PATCH', `/api/v1/integrations/${first.id}`, { name: 'renamed-b' })
    assert.equal(renamed.statusCode, 200)
    const second = await create('renamed-a', secret('second'))
    assert.notEqual(first.credential, second.credential)
    assert.equal(await secretOf(renamed.json()), secret('first'))
    assert.equal(await secretOf(second), secret('second'))
  })

  test('takes no secret of a webhook that is shorter than 16 characters, wherever it is given', async () => {
    const short = 'only-fifteen-ch'
    const made = await create('long-secret', secret('long'))
    const kept = await hub.call('POST', '/api/v1/credentials', { name: 'plain', data: { token: short } })
    assert.equal(kept.statusCode, 201, 'another credential may be short')
    const verification = 'github'
    const webhook = { name: 'short-secret', integration_type: 'webhook', config: { verification } }
    for (const [method, url, body, path] of [
      ['POST', '/api/v1/integrations', { ...webhook, credential: { secret: short } }, 'credential.secret'],
      [
        'POST',
        '/api/v1/integrations',
        { ...webhook, credential: { secret: `${short}-`, previous_secret: short } },
        'credential.previous_secret',
      ],
      ['POST', '/api/v1/integrations', { ...webhook, credential: 'plain' }, 'credential.secret'],
      ['PATCH', `/api/v1/integrations/${made.id}`, { credential: { secret: short } }, 'credential.secret'],
      ['PUT', `/api/v1/credentials/${made.credential}`, { data: { secret: short } }, 'data.secret'],
      ['PUT', '/api/v1/credentials/github-webhook-secret', { data: { token: short } }, 'data.token'],
      ['POST', '/api/v1/credentials', { name: 'slack-signing-secret', data: { token: short } }, 'data.token'],
      [
        'POST',
        '/api/v1/integrations',
        { integration_type: 'github', access_token: 'x', config: { webhook_secret: short } },
        'config.webhook_secret',
      ],
    ] as const) {
      const reply = await hub.call(method, url, body)
      const { code, errors } = reply.json()
      assert.deepEqual(
        [reply.statusCode, code, errors],
        [400, 'invalid_input', [{ path, message: 'is the secret of a webhook and must have 16 characters or more' }]],
        reply.payload,
      )
      assert.ok(!reply.payload.includes(short))
    }
    const long = { ...webhook, credential: { secret: `${short}-` } }
    assert.equal((await hub.call('POST', '/api/v1/integrations', long)).statusCode, 201)
  })

  test('never uses the key of secret parameters: nobody sets that credential, no integration uses it, and it can be deleted', async () => {
    const name = 'flow-parameters'
    const message = 'flow-parameters and sign-in are credentials that only the hub itself sets and uses'
    const made = await create('without-the-key', secret('own'))
    const webhook = { name: 'with-the-key', integration_type: 'webhook', credential: name, config: { verification: 'standard' } }
    const principal = await hub.hub.access.operator('tester')
    const before = await hub.hub.credentials.info(principal.workspaceId, name)
    if (!before) await hub.hub.credentials.create(principal, { name, data: { key: Buffer.alloc(32).toString('base64') } })
    for (const [method, url, body, path] of [
      ['POST', '/api/v1/credentials', { name, data: { key: 'short' } }, 'name'],
      ['PUT', `/api/v1/credentials/${name}`, { data: { key: 'short' } }, 'params.name'],
      ['POST', '/api/v1/integrations', webhook, 'credential'],
      ['PATCH', `/api/v1/integrations/${made.id}`, { credential: name }, 'credential'],
    ] as const) {
      const reply = await hub.call(method, url, body)
      const { code, errors } = reply.json()
      assert.deepEqual([reply.statusCode, code, errors], [400, 'invalid_input', [{ path, message }]], reply.payload)
    }
    assert.equal((await hub.hub.credentials.info(principal.workspaceId, name))?.version, before?.version ?? 1)
    assert.equal((await hub.call('DELETE', `/api/v1/credentials/${name}`)).statusCode, 204)
  })

  test('has no success rate before its first call, and then that of its calls', async () => {
    const made = await create('rated', secret('rated'))
    const rates = async (): Promise<unknown[]> => {
      const one = (await hub.call('GET', `/api/v1/integrations/${made.id}`)).json()
      const health = (await hub.call('GET', `/api/v1/integrations/${made.id}/health`)).json()
      return [one.success_rate, health.success_rate]
    }
    assert.deepEqual(await rates(), [null, null])
    await hub.hub.db.pool.query('update hub.integrations set success_count = 2, error_count = 1 where id = $1', [made.id])
    assert.deepEqual(await rates(), [66.7, 66.7])
  })

  test('cannot take a name that is taken: 409, and nothing changes', async () => {
    await create('taken', secret('taken'))
    const other = await create('not-taken', secret('other'))
    const reply = await hub.call('PATCH', `/api/v1/integrations/${other.id}`, { name: 'taken' })
    assert.deepEqual([reply.statusCode, reply.json().code], [409, 'already_exists'])
    assert.equal((await hub.call('GET', `/api/v1/integrations/${other.id}`)).json().name, 'not-taken')
    const again = {
      name: 'taken',
      integration_type: 'webhook',
      credential: { secret: secret('again') },
      config: { verification: 'standard' },
    }
    assert.equal((await hub.call('POST', '/api/v1/integrations', again)).statusCode, 409)
  })

  test('takes its secret with it when it is deleted, and leaves a credential that it only used', async () => {
    const own = await create('deleted', secret('deleted'))
    await hub.call('POST', '/api/v1/credentials', { name: 'shared-secret', data: { secret: secret('shared') } })
    const config = { verification: 'standard' }
    const body = { name: 'borrower', integration_type: 'webhook', credential: 'shared-secret', config }
    const borrower = (await hub.call('POST', '/api/v1/integrations', body)).json<Shown>()
    for (const { id } of [own, borrower]) assert.equal((await hub.call('DELETE', `/api/v1/integrations/${id}`)).statusCode, 204)
    const names = new Set((await hub.call('GET', '/api/v1/credentials')).json().items.map(({ name }: { name: string }) => name))
    assert.ok(!names.has(own.credential))
    assert.ok(names.has('shared-secret'))
  })

  test('has no password in its address, because everybody who reads integrations sees the config', async () => {
    const post = (base_url: string) =>
      hub.call('POST', '/api/v1/integrations', { name: 'with-login', integration_type: 'http', auth_type: 'none', config: { base_url } })
    for (const address of ['http://me:hidden@127.0.0.1/', 'http://hidden@127.0.0.1/', 'HTTPS://:hidden@example.com']) {
      const refused = await post(address)
      assert.deepEqual([refused.statusCode, refused.json().errors[0].path], [400, 'config.base_url'], address)
      assert.doesNotMatch(refused.payload, /hidden/)
    }
    const made = await post('http://127.0.0.1/a@b:c@d')
    assert.equal(made.statusCode, 201, made.payload)
    const changed = await hub.call('PATCH', '/api/v1/integrations/with-login', { config: { base_url: 'http://me:hidden@127.0.0.1/' } })
    assert.equal(changed.statusCode, 400, changed.payload)
  })

  test('is enabled exactly when its status is active', async () => {
    const { id } = await create('switched', secret('switched'))
    const patch = async (body: object) => (await hub.call('PATCH', `/api/v1/integrations/${id}`, body)).json<Shown>()
    for (const [body, enabled, status] of [
      [{ enabled: false }, false, 'inactive'],
      [{ status: 'active' }, true, 'active'],
      [{ status: 'inactive' }, false, 'inactive'],
      [{ enabled: true, status: 'active' }, true, 'active'],
    ] as const) {
      const shown = await patch(body)
      assert.deepEqual([shown.enabled, shown.status], [enabled, status])
    }
    const reply = await hub.call('PATCH', `/api/v1/integrations/${id}`, { enabled: true, status: 'inactive' })
    assert.deepEqual([reply.statusCode, reply.json().errors[0].path], [400, 'status'])
    await assert.rejects(
      hub.hub.db.pool.query(`update hub.integrations set enabled = false where id = $1`, [id]),
      /integrations_enabled_is_active/,
    )
  })

  test('of an earlier version gets its secrets moved to its id when the hub starts', async () => {
    const operator = await hub.hub.access.operator('tester')
    const made = await create('moved', secret('moved'))
    // As an earlier version stored it: under the integration's name.
    await hub.hub.credentials.set(operator, { name: 'integration-moved', data: { secret: secret('moved') }, kind: 'webhook' })
    await hub.hub.credentials.remove(operator, made.credential)
    await hub.hub.db.pool.query(`update hub.integrations set credential = 'integration-moved' where id = $1`, [made.id])
    const { createOwnCredentials } = await import('./own-credentials.ts')
    const { db, credentials } = hub.hub
    for (const _ of [1, 2]) await createOwnCredentials({ db, credentials }).moveToIds(operator)
    const moved = (await hub.call('GET', `/api/v1/integrations/${made.id}`)).json<Shown>()
    assert.equal(moved.credential, made.credential)
    assert.equal(await secretOf(moved), secret('moved'))
    assert.equal(await credentials.read(operator.workspaceId, 'integration-moved'), undefined)
  })
})
