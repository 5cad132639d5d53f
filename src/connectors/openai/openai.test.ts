import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection, upstream } from '#kit/testing'
import { openai } from './index.ts'

const credential = { api_key: 'sk-0123456789abcdef0123' }
const completion = (content: string | null, more: object = {}) => ({
  id: 'c',
  object: 'chat.completion',
  model: 'm-1',
  choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
})

test('ask sends system and prompt and returns text and tokens', async () => {
  await using api = await upstream(() => ({ body: completion('Hello') }))
  const answer = await runAction(openai, 'ask', {
    config: { base_url: `${api.url}/v1`, model: 'm-1' },
    credential,
    input: { prompt: 'Hi', system: 'Be brief', temperature: 0 },
  })
  assert.deepEqual(answer, { text: 'Hello', json: null, model: 'm-1', finish_reason: 'stop', input_tokens: 5, output_tokens: 2 })
  assert.equal(api.requests[0]!.path, '/v1/chat/completions')
  assert.equal(api.requests[0]!.headers.authorization, `Bearer ${credential.api_key}`)
  assert.deepEqual(api.requests[0]!.json, {
    model: 'm-1',
    messages: [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'Hi' },
    ],
    temperature: 0,
  })
})

test('ask with a schema parses the answer, and reports an answer that is not JSON', async () => {
  const answers = ['{"ok":true}', 'no json']
  await using api = await upstream(() => ({ body: completion(answers.shift()!) }))
  const options = { config: { base_url: api.url, model: 'm' }, credential, input: { prompt: 'x', schema: { type: 'object' } } }
  assert.deepEqual(((await runAction(openai, 'ask', options)) as { json: unknown }).json, { ok: true })
  assert.equal((api.requests[0]!.json as { response_format: { type: string } }).response_format.type, 'json_schema')
  await assert.rejects(runAction(openai, 'ask', options), { code: 'vendor_invalid_response' })
})

test('no model, a refusal and an empty answer are clear errors', async () => {
  const bodies: object[] = [completion(null, { refusal: 'I will not' }), { model: 'm', choices: [] }]
  await using api = await upstream(() => ({ body: bodies.shift() }))
  const run = (config: object) => runAction(openai, 'ask', { config: { base_url: api.url, ...config }, input: { prompt: 'x' } })
  await assert.rejects(run({}), { code: 'invalid_input' })
  await assert.rejects(run({ model: 'm' }), { code: 'vendor_rejected' })
  await assert.rejects(run({ model: 'm' }), { code: 'vendor_invalid_response' })
})

test('a question is repeated after a failure of the server', async () => {
  let calls = 0
  await using api = await upstream(() => (calls++ === 0 ? { status: 503 } : { body: completion('yes') }))
  await runAction(openai, 'ask', { config: { base_url: api.url, model: 'm' }, input: { prompt: 'x' }, maxRetries: 1 })
  assert.equal(calls, 2)
})

test('the connection test counts the models', async () => {
  await using api = await upstream(() => ({ body: { data: [{}, {}] } }))
  assert.deepEqual(await testConnection(openai, { config: { base_url: api.url }, credential }), { account: '2 models' })
})
