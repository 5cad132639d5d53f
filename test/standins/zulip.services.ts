import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test, type TestContext } from 'node:test'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { runAction, testConnection } from '#kit/testing'
import { zulip } from '../../src/connectors/zulip/index.ts'
import { contract } from './prism.ts'
import { zulipStandIn, type ZulipStandIn } from './zulip.ts'

/** `nullable` stands in the description also where there is no type, which says nothing. */
function untyped(_key: string, value: unknown): unknown {
  if (value !== null && typeof value === 'object' && 'nullable' in value && !('type' in value)) {
    const { nullable: _, ...rest } = value
    return rest
  }
  return value
}

/** Every reply of ours has to be one that the official description allows. */
function holdToDescription({ replies }: ZulipStandIn, t: TestContext): void {
  const file = contract('zulip.json')
  if (!file) return t.diagnostic('SKIPPED: ../shared/contracts/zulip.json is not beside this repository; replies were not held to it')
  const document = JSON.parse(readFileSync(file, 'utf8'), untyped) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
  }
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  formats.default(ajv)
  ajv.addSchema(document, 'zulip')
  let checked = 0
  for (const { method, path, status, body } of replies) {
    const template = Object.keys(document.paths).find(
      (candidate) =>
        new RegExp(`^${candidate.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path) && document.paths[candidate]![method.toLowerCase()],
    )
    if (!template || !(String(status) in document.paths[template]![method.toLowerCase()]!.responses)) continue
    const { $ref: shared } = document.paths[template]![method.toLowerCase()]!.responses[String(status)] as { $ref?: string }
    const response = shared ? shared.split('/').slice(1) : ['paths', template, method.toLowerCase(), 'responses', String(status)]
    const pointer = [...response, 'content', 'application/json', 'schema'].map((part) =>
      encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
    )
    const fits = ajv.getSchema(`zulip#/${pointer.join('/')}`)
    assert.ok(fits, `no schema for ${method} ${template} ${status}`)
    assert.ok(
      fits(body),
      `${method} ${path} ${status}: ${JSON.stringify(fits.errors?.map(({ instancePath, message, params }) => [instancePath, message, params]))}`,
    )
    checked += 1
  }
  assert.ok(checked > 0)
  t.diagnostic(`${checked} of ${replies.length} replies held to the description`)
}

test('a team’s day on Zulip: post, edit, react, read, subscribe, write to people, delete', async (t) => {
  await using standIn = await zulipStandIn()
  const options = { credential: standIn.login, config: { site: standIn.url } }
  const call = (verb: string, input: object): Promise<any> => runAction(zulip, verb, { ...options, input, maxRetries: 1 })

  assert.deepEqual(await testConnection(zulip, options), { account: 'Hub Bot' })
  const { id } = await call('send_message', { stream: 'general', topic: 'deploy', content: 'Now?' })
  await call('update_message', { message_id: id, content: 'Now!' })
  await call('add_reaction', { message_id: id, emoji_name: 'eyes' })
  await call('add_reaction', { message_id: id, emoji_name: 'eyes' })
  await call('remove_reaction', { message_id: id, emoji_name: 'eyes' })
  assert.equal((await call('list_messages', { stream: 'general', topic: 'deploy' })).items[0].content, 'Now!')
  assert.deepEqual((await call('subscribe_to_stream', { stream: 'incidents' })).subscribed, { '7': ['incidents'] })
  assert.equal((await call('list_streams', {})).items.length, 2)
  assert.equal((await call('list_users', {})).items.length, 2)
  assert.equal((await call('get_user', { user: 'ada@example.com' })).full_name, 'Ada Lovelace')
  await call('send_direct_message', { to: ['ada@example.com'], content: 'Hi' })
  assert.match((await call('upload_file', { filename: 'a.txt', content: 'x' })).markdown, /user_uploads/)
  await call('delete_message', { message_id: id })
  await assert.rejects(call('delete_message', { message_id: id }), { code: 'vendor_not_found' })
  await assert.rejects(call('send_message', { stream: 'nowhere', topic: 't', content: 'x' }), { code: 'vendor_not_found' })
  standIn.limited = true
  assert.equal((await call('list_streams', {})).items.length, 2)
  await assert.rejects(
    runAction(zulip, 'list_users', { ...options, credential: { email: 'a@b.co', api_key: 'wrong-key-0000' }, input: {} }),
    { code: 'vendor_unauthorized' },
  )
  holdToDescription(standIn, t)
})

test('a client that we did not write works on the stand-in', async (t) => {
  await using standIn = await zulipStandIn()
  const client = createRequire(import.meta.url)('zulip-js') as (config: object) => Promise<any>
  const it = await client({ username: standIn.login.email, apiKey: standIn.login.api_key, realm: standIn.url })
  const sent = await it.messages.send({ to: 'general', type: 'stream', topic: 'hello', content: 'from zulip-js' })
  assert.equal(sent.result, 'success')
  const read = await it.messages.retrieve({
    anchor: 'newest',
    num_before: 5,
    num_after: 0,
    narrow: [{ operator: 'stream', operand: 'general' }],
  })
  assert.equal(read.messages[0].content, 'from zulip-js')
  assert.equal((await it.streams.retrieve()).streams[0].name, 'general')
  assert.equal((await it.users.retrieve()).members.length, 2)
  assert.equal((await it.messages.send({ to: 'nowhere', type: 'stream', topic: 't', content: 'x' })).code, 'STREAM_DOES_NOT_EXIST')
  holdToDescription(standIn, t)
})
