import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection, upstream } from '#kit/testing'
import { managerq } from './index.ts'

const credential = { token: 'eyJhbGciOi.service.token' }

test('ask_agent submits the prompt and polls until the answer is there', async () => {
  const states = ['queued', 'running', 'completed']
  await using api = await upstream(({ method }) => ({
    body:
      method === 'POST'
        ? { id: 't-1', status: 'queued' }
        : { id: 't-1', status: states.shift(), result: states.length === 0 ? { text: 'Looks good' } : null },
  }))
  const answer = await runAction(managerq, 'ask_agent', {
    config: { base_url: api.url },
    credential,
    idempotencyKey: 'k-1',
    input: { prompt: 'Review', poll_seconds: 0.05 },
  })
  assert.deepEqual(answer, { task_id: 't-1', status: 'completed', text: 'Looks good', error: null, json: null })
  assert.deepEqual(
    api.requests.map(({ method, path }) => `${method} ${path}`),
    ['POST /v1/tasks', ...Array<string>(3).fill('GET /v1/tasks/t-1')],
  )
  assert.deepEqual(api.requests[0]!.json, { prompt: 'Review' })
  assert.equal(api.requests[0]!.headers.authorization, `Bearer ${credential.token}`)
  assert.equal(api.requests[0]!.headers['idempotency-key'], 'k-1')
})

test('ask_agent parses JSON if requested, also from a code block', async () => {
  const answers = ['{"a":1}', 'Here you are:\n```json\n{"a":1}\n```', 'I would rather not']
  await using api = await upstream(() => ({ body: { id: 't-1', status: 'completed', result: answers.shift() } }))
  const run = () => runAction(managerq, 'ask_agent', { config: { base_url: api.url }, credential, input: { prompt: 'x', json: true } })
  assert.deepEqual(((await run()) as { json: unknown }).json, { a: 1 })
  assert.deepEqual(((await run()) as { json: unknown }).json, { a: 1 })
  await assert.rejects(run(), { code: 'outcome_unknown', message: /did not answer with JSON/ })
})

test('ask_agent reports the task id on timeout, and the reason if an agent failed', async () => {
  await using slow = await upstream(() => ({ body: { task_id: 't-2', state: 'running' } }))
  const input = { prompt: 'x', timeout_seconds: 0.1, poll_seconds: 0.05 }
  await assert.rejects(runAction(managerq, 'ask_agent', { config: { base_url: slow.url }, credential, input }), {
    code: 'outcome_unknown',
    message: /t-2/,
  })
  await using bad = await upstream(() => ({ body: { id: 't-3', status: 'failed', error: 'no budget' } }))
  await assert.rejects(runAction(managerq, 'ask_agent', { config: { base_url: bad.url }, credential, input }), {
    code: 'outcome_unknown',
    message: /no budget/,
  })
})

test('submit_task does not wait, and get_task encodes the id', async () => {
  await using api = await upstream(() => ({ body: { id: 'a/b', status: 'running' } }))
  const config = { base_url: api.url, tasks_path: '/api/agents' }
  assert.deepEqual(await runAction(managerq, 'submit_task', { config, credential, input: { prompt: 'x', agent: 'writer' } }), {
    task_id: 'a/b',
    status: 'running',
    text: null,
    error: null,
  })
  await runAction(managerq, 'get_task', { config, credential, input: { task_id: 'a/b' } })
  assert.deepEqual(
    api.requests.map(({ path }) => path),
    ['/api/agents', '/api/agents/a%2Fb'],
  )
})

test('the connection test reads the health', async () => {
  await using api = await upstream(() => ({ body: 'ok' }))
  assert.deepEqual(await testConnection(managerq, { config: { base_url: api.url }, credential }), { account: 'managerQ' })
})
