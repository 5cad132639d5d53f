import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection, upstream } from '#kit/testing'
import { anthropic } from './index.ts'

const credential = { api_key: 'sk-ant-0123456789abcdef' }
const message = (content: object[]) => ({
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content,
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 1 },
})

test('ask sends the key, the version and the prompt, and returns the text', async () => {
  await using api = await upstream(() => ({
    body: message([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ]),
  }))
  const answer = await runAction(anthropic, 'ask', {
    config: { base_url: api.url, model: 'claude-x' },
    credential,
    input: { prompt: 'Hi', system: 'Be brief' },
  })
  assert.deepEqual(answer, { text: 'Hello', json: null, model: 'claude-x', finish_reason: 'end_turn', input_tokens: 3, output_tokens: 1 })
  const [seen] = api.requests
  assert.equal(seen!.path, '/v1/messages')
  assert.equal(seen!.headers['x-api-key'], credential.api_key)
  assert.equal(seen!.headers['anthropic-version'], '2023-06-01')
  assert.deepEqual(seen!.json, { model: 'claude-x', max_tokens: 4096, messages: [{ role: 'user', content: 'Hi' }], system: 'Be brief' })
})

test('ask with a schema gets the answer as a tool call', async () => {
  const parts: object[][] = [[{ type: 'tool_use', id: 't', name: 'answer', input: { label: 'bug' } }], [{ type: 'text', text: 'no' }]]
  await using api = await upstream(() => ({ body: message(parts.shift()!) }))
  const options = { config: { base_url: api.url, model: 'c' }, credential, input: { prompt: 'x', schema: { type: 'object' } } }
  assert.deepEqual(((await runAction(anthropic, 'ask', options)) as { json: unknown }).json, { label: 'bug' })
  assert.deepEqual((api.requests[0]!.json as { tool_choice: unknown }).tool_choice, { type: 'tool', name: 'answer' })
  await assert.rejects(runAction(anthropic, 'ask', options), { code: 'vendor_invalid_response' })
})

test('overloaded is a temporary failure, and a missing model is an input error', async () => {
  await using api = await upstream(() => ({
    status: 529,
    body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  }))
  await assert.rejects(runAction(anthropic, 'ask', { config: { base_url: api.url, model: 'c' }, credential, input: { prompt: 'x' } }), {
    code: 'vendor_failed',
  })
  await assert.rejects(runAction(anthropic, 'ask', { config: { base_url: api.url }, credential, input: { prompt: 'x' } }), {
    code: 'invalid_input',
  })
})

test('the connection test counts the models', async () => {
  await using api = await upstream(() => ({ body: { data: [{ id: 'a' }] } }))
  assert.deepEqual(await testConnection(anthropic, { config: { base_url: api.url }, credential }), { account: '1 models' })
})
