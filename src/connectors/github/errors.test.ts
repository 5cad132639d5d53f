import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, upstream, type Scripted } from '#kit/testing'
import { github } from './index.ts'

const credential = { token: 'ghp_0123456789abcdef0123456789abcdef0123' }

test('403 is a rate limit if the limit is used up or for a secondary limit, and otherwise forbidden', async () => {
  const reset = String(Math.floor(Date.now() / 1000) + 120)
  const answers: Scripted[] = [
    {
      status: 403,
      body: { message: 'API rate limit exceeded' },
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, 'x-ratelimit-limit': '5000' },
    },
    { status: 403, body: { message: 'You have exceeded a secondary rate limit' } },
    { status: 403, body: { message: 'Resource not accessible by personal access token' } },
  ]
  await using api = await upstream(() => answers.shift()!)
  const call = () => runAction(github, 'get_user', { input: {}, credential, config: { api_url: api.url } })
  await assert.rejects(
    call(),
    (error: { code: string; details: { retryAfter: number } }) => error.code === 'vendor_rate_limited' && error.details.retryAfter > 100,
  )
  await assert.rejects(
    call(),
    (error: { code: string; details: { retryAfter: number } }) => error.code === 'vendor_rate_limited' && error.details.retryAfter === 60,
  )
  await assert.rejects(call(), { code: 'vendor_forbidden' })
})

test('validation errors name the field', async () => {
  await using api = await upstream(() => ({
    status: 422,
    body: { message: 'Validation Failed', errors: [{ resource: 'Issue', field: 'title', code: 'missing_field' }] },
  }))
  await assert.rejects(
    runAction(github, 'create_issue', {
      input: { owner: 'octocat', repo: 'hello-world', title: 'x' },
      credential,
      config: { api_url: api.url },
    }),
    {
      code: 'vendor_rejected',
      message: /Issue title missing_field/,
    },
  )
})
