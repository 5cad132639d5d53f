import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sign } from '@octokit/webhooks-methods'
import { readBundledFlows } from './bundled/read.ts'
import { testHub } from '#test'

const names = readBundledFlows().map(({ name }) => name)

test('a hub has its bundled flows, their subscriptions and their tools once it is ready', async () => {
  await using started = await testHub()
  const { hub } = started
  const { rows } = await hub.db.pool.query<{ name: string }>('select name from hub.flows order by name')
  assert.deepEqual(
    rows.map(({ name }) => name),
    names.toSorted(),
  )
  const triggered = await started.call('POST', '/api/v1/flows/send-summary-email/trigger', { parameters: {} })
  assert.notEqual(triggered.statusCode, 404)
  assert.equal((await started.call('GET', '/readyz')).statusCode, 200)
})

test('the first webhook of a new workspace starts the bundled flow that waits for it', async () => {
  await using started = await testHub()
  const { hub } = started
  const created = await started.call('POST', '/api/v1/workspaces', { name: 'fresh' })
  assert.equal(created.statusCode, 201)
  const { id: workspaceId } = created.json<{ id: string }>()
  const inside = started.with({ headers: { 'hub-workspace': 'fresh' } })
  const secret = 'a-webhook-secret-of-this-workspace'
  assert.equal((await inside.call('PUT', '/api/v1/credentials/github-webhook-secret', { data: { secret } })).statusCode < 300, true)
  const body = JSON.stringify({
    action: 'opened',
    number: 1,
    pull_request: { number: 1, draft: false },
    repository: { name: 'b', owner: { login: 'a' } },
  })
  const delivered = await started.rest.inject({
    method: 'POST',
    url: '/api/v1/webhooks/github',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': 'd-1',
      'x-hub-signature-256': await sign(secret, body),
    },
    payload: body,
  })
  assert.equal(delivered.statusCode, 202, delivered.body)
  await hub.dispatch()
  const runs = await hub.flows.runs(workspaceId, { flow: 'code_review_agent' }, { limit: 10 })
  assert.equal(runs.length, 1)
})

test('a start brings an older bundled flow up to date and leaves what a user saved under its name', async () => {
  await using first = await testHub()
  const { pool } = first.hub.db
  await pool.query(`update hub.flow_versions set source = 'id: daily-digest', digest = 'older' where flow_id in
                    (select id from hub.flows where name = 'daily-digest')`)
  const own = { id: 'ask-agent', steps: [{ id: 'text', transform: 'mine' }] }
  assert.equal((await first.call('POST', '/api/v1/flows', { definition: own })).statusCode < 300, true)
  const url = first.hub.config.DATABASE_URL!
  await using second = await testHub({ DATABASE_URL: url })
  const { source } = (await second.call('GET', '/api/v1/flows/daily-digest')).json<{ source: string }>()
  assert.equal(source, readBundledFlows().find(({ name }) => name === 'daily-digest')!.source)
  const kept = (await second.call('GET', '/api/v1/flows/ask-agent')).json<{ origin: string; definition: unknown }>()
  assert.deepEqual([kept.origin, kept.definition], ['user', own])
})
