import assert from 'node:assert/strict'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { ActionContext, CredentialValues } from '#kit'
import { defineAction } from '#kit'
import { runAction, upstream, type Upstream } from '#kit/testing'
import { z } from 'zod'
import { github } from './index.ts'

const recovery = github.webhook!.recovery!
const credential = { personal_access_token: 'ghp_0123456789abcdef0123456789abcdef0123' }
const headers = { 'x-github-hook-id': '7', 'x-github-hook-installation-target-type': 'repository' }
const hook = '/repos/octocat/hello-world/hooks/7'

/** Runs a function of the recovery with the context of an action. */
async function run<Input, T>(
  { url: api_url, credential: used = credential }: Pick<Upstream, 'url'> & { readonly credential?: CredentialValues },
  input: Input,
  work: (context: ActionContext<Input>) => Promise<T>,
): Promise<T> {
  let result: T | undefined
  const probe = defineAction({
    title: 'Probe',
    description: 'Runs the recovery.',
    effect: 'write',
    input: z.unknown(),
    output: z.unknown(),
    example: null,
    run: async (context) => {
      result = await work(context as unknown as ActionContext<Input>)
      return null
    },
  })
  await runAction({ ...github, actions: { probe } }, 'probe', { input, config: { api_url }, credential: used })
  return result as T
}

const attempt = (id: number, guid: string, result: { delivered_at: string; status_code: number }) => ({
  id,
  guid,
  ...result,
  event: 'push',
})

test('a hook is identified by headers and payload, and unsafe values are ignored', () => {
  const data = { repository: { full_name: 'octocat/hello-world' }, organization: { login: 'octo-org' } }
  assert.equal(recovery.hookOf(headers, data), hook)
  assert.equal(recovery.hookOf({ ...headers, 'x-github-hook-installation-target-type': 'organization' }, data), '/orgs/octo-org/hooks/7')
  assert.equal(recovery.hookOf({ ...headers, 'x-github-hook-installation-target-type': 'integration' }, {}), '/app/hook')
  assert.equal(recovery.hookOf({ ...headers, 'x-github-hook-installation-target-type': 'user' }, data), undefined)
  for (const id of ['7/../8', '', '7?x', ['7', '8']]) assert.equal(recovery.hookOf({ ...headers, 'x-github-hook-id': id }, data), undefined)
  for (const name of ['octocat', '../..', 'a/..', 'a/b/c', 'a/b?c', undefined, 5])
    assert.equal(recovery.hookOf(headers, { repository: { full_name: name } }), undefined, String(name))
})

test('deliveries since a time are read from all pages, oldest first, with attempts combined', async () => {
  await using api = await upstream(({ query }) =>
    query.get('cursor') === 'v1_2'
      ? {
          body: [
            attempt(3, 'b', { delivered_at: '2026-11-20T10:02:00Z', status_code: 500 }),
            attempt(2, 'a', { delivered_at: '2026-11-20T10:01:00Z', status_code: 200 }),
            attempt(1, 'old', { delivered_at: '2026-11-20T09:59:00Z', status_code: 500 }),
          ],
          headers: { link: `<${api.url}${hook}/deliveries?per_page=100&cursor=v1_3>; rel="next"` },
        }
      : {
          body: [
            attempt(5, 'c', { delivered_at: '2026-11-20T10:04:00Z', status_code: 0 }),
            attempt(4, 'b', { delivered_at: '2026-11-20T10:03:00Z', status_code: 502 }),
          ],
          headers: { link: `<${api.url}${hook}/deliveries?per_page=100&cursor=v1_2>; rel="next"` },
        },
  )
  const found = await run(api, { hook, since: new Date('2026-11-20T10:00:00Z') }, (context) => recovery.sent(context))
  assert.deepEqual(found, [
    { deliveryId: 'a', handle: '2', at: new Date('2026-11-20T10:01:00Z'), delivered: true },
    { deliveryId: 'b', handle: '4', at: new Date('2026-11-20T10:02:00Z'), delivered: false },
    { deliveryId: 'c', handle: '5', at: new Date('2026-11-20T10:04:00Z'), delivered: false },
  ])
  assert.deepEqual(
    api.requests.map(({ path, query }) => [path, query.get('per_page')]),
    [
      [`${hook}/deliveries`, '100'],
      [`${hook}/deliveries`, '100'],
    ],
  )
})

test('a delivery is requested again by its id, and an invalid hook is refused', async () => {
  await using api = await upstream(() => ({ status: 202, body: {} }))
  await run(api, { hook, handle: '42' }, (context) => recovery.redeliver(context))
  assert.deepEqual([api.requests[0]!.method, api.requests[0]!.path], ['POST', `${hook}/deliveries/42/attempts`])
  const since = new Date(0)
  await assert.rejects(
    run(api, { hook: '/user', since }, (context) => recovery.sent(context)),
    { code: 'invalid_input' },
  )
  await assert.rejects(
    run(api, { hook, handle: '../..' }, (context) => recovery.redeliver(context)),
    { code: 'invalid_input' },
  )
  assert.equal(api.requests.length, 1)
})

test('deliveries of the hook of an app are listed and requested as the app itself, on all pages, and not with a token', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const app = { app_id: 7, installation_id: '42', private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) }
  await using api = await upstream(({ method, query }) => {
    if (method === 'POST') return { status: 202, body: {} }
    if (query.has('cursor')) return { body: [attempt(1, 'a', { delivered_at: '2026-11-20T10:01:00Z', status_code: 502 })] }
    const link = `<${api.url}/app/hook/deliveries?per_page=100&cursor=v1_2>; rel="next"`
    return { body: [attempt(2, 'b', { delivered_at: '2026-11-20T10:02:00Z', status_code: 200 })], headers: { link } }
  })
  const target = { url: api.url, credential: app }
  const since = new Date('2026-11-20T10:00:00Z')
  const found = await run(target, { hook: '/app/hook', since }, (context) => recovery.sent(context))
  assert.deepEqual(
    found.map(({ deliveryId }) => deliveryId),
    ['a', 'b'],
  )
  await run(target, { hook: '/app/hook', handle: '1' }, (context) => recovery.redeliver(context))
  const paths = api.requests.map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(paths, ['GET /app/hook/deliveries', 'GET /app/hook/deliveries', 'POST /app/hook/deliveries/1/attempts'])
  for (const { headers: sent } of api.requests) {
    const [head, claims, signature] = sent.authorization!.replace('Bearer ', '').split('.') as [string, string, string]
    assert.ok(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url'))
  }
  assert.deepEqual(await run(api, { hook: '/app/hook', since }, (context) => recovery.sent(context)), [], 'a token cannot list them')
  assert.equal(api.requests.length, 3)
})
