import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HubError, RateLimiter } from '#kit'
import { runAction, upstream, type Scripted } from '#kit/testing'
import { jira } from '../jira/index.ts'
import { slack } from '../slack/index.ts'
import { github } from './index.ts'

const credential = { token: 'ghp_0123456789abcdef' }

interface Paused {
  readonly limiter: RateLimiter
  /** Seconds. */
  readonly pauses: number[]
  readonly learned: unknown[]
}

function limiter(): Paused {
  const pauses: number[] = []
  const learned: unknown[] = []
  const limiter = {
    take: async () => undefined,
    learn: (notice: unknown) => void learned.push(notice),
    pause: (ms: number) => void pauses.push(ms / 1000),
  }
  return { limiter, pauses, learned }
}

/** The error of a call that GitHub always answers so, and how often it was asked. */
async function refused(answer: Scripted, { verb = 'get_user', input = {} }: { verb?: string; input?: object } = {}) {
  const { limiter: rateLimiter, pauses, learned } = limiter()
  await using api = await upstream(() => answer)
  const error = await runAction(github, verb, { input, credential, config: { api_url: api.url }, rateLimiter, maxRetries: 3 }).then(
    () => undefined,
    (thrown: unknown) => thrown as HubError,
  )
  assert.ok(error, 'the call was not refused')
  return { code: error.code, retryAfter: error.details.retryAfter, asked: api.requests.length, pauses, learned }
}

const secondary = { message: 'You have exceeded a secondary rate limit' }
const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)

test('Retry-After of a secondary limit counts, longer or shorter than the usual minute', async () => {
  for (const status of [403, 429]) {
    const long = await refused({ status, body: secondary, headers: { 'retry-after': '120' } })
    assert.deepEqual([long.code, long.retryAfter, long.asked, long.pauses], ['vendor_rate_limited', 120, 1, [120]])
  }
  const answers: Scripted[] = [
    { status: 403, body: secondary, headers: { 'retry-after': '1' } },
    { body: { login: 'o', id: 1, type: 'User', html_url: 'x' } },
  ]
  await using api = await upstream(() => answers.shift()!)
  await runAction(github, 'get_user', { input: {}, credential, config: { api_url: api.url }, maxRetries: 3, timeoutMs: 20_000 })
  assert.equal(api.requests.length, 2)
})

test('a secondary limit without Retry-After means a minute, and is not asked again before', async () => {
  for (const [status, body] of [
    [429, secondary],
    [429, { message: 'Too many requests' }],
    [403, secondary],
  ] as const) {
    const { code, retryAfter, asked } = await refused({ status, body })
    assert.deepEqual([code, retryAfter, asked], ['vendor_rate_limited', 60, 1])
  }
})

test('a used up limit of searches is a limit until its reset, and holds back nothing else', async () => {
  const headers = {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-limit': '30',
    'x-ratelimit-resource': 'search',
    'x-ratelimit-reset': inSeconds(90),
  }
  const found = await refused(
    { status: 403, body: { message: 'API rate limit exceeded' }, headers },
    { verb: 'search_code', input: { query: 'a b' } },
  )
  assert.equal(found.code, 'vendor_rate_limited')
  assert.ok(found.retryAfter! > 80 && found.retryAfter! <= 90, String(found.retryAfter))
  assert.deepEqual([found.pauses, found.learned], [[], []])
})

test('GraphQL errors without data are errors, and its limits wait for their reset', async () => {
  const projects = { verb: 'list_projects', input: { owner: 'o' } }
  for (const type of ['RATE_LIMIT', 'RATE_LIMITED']) {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-resource': 'graphql', 'x-ratelimit-reset': inSeconds(200) }
    const { code, retryAfter } = await refused({ body: { errors: [{ type, message: 'limit' }] }, headers }, projects)
    assert.equal(code, 'vendor_rate_limited')
    assert.ok(retryAfter! > 190 && retryAfter! <= 200, String(retryAfter))
  }
  assert.equal((await refused({ body: { errors: [{ message: 'Parse error' }] } }, projects)).code, 'vendor_rejected')
})

test('a list goes on by its cursor where GitHub counts no pages', async () => {
  await using api = await upstream(() => ({
    body: [],
    headers: { link: `<${api.url}/x?per_page=30&after=Y3Vyc29y%3D&page=335>; rel="next"` },
  }))
  const call = (more: object) =>
    runAction(github, 'list_issues', { input: { owner: 'o', repo: 'r', ...more }, credential, config: { api_url: api.url } })
  assert.deepEqual(await call({ page: 334 }), { items: [], next_page: 335, next_cursor: 'Y3Vyc29y=' })
  await call({ after: 'Y3Vyc29y=' })
  const { query } = api.requests.at(-1)!
  assert.deepEqual([query.get('after'), query.get('page')], ['Y3Vyc29y=', null])
})

test('a limit of one method of Slack or one issue of Jira holds back nothing else', async () => {
  const ask = async (headers: Record<string, string>, which: 'slack' | 'jira'): Promise<number[]> => {
    const { limiter: rateLimiter, pauses } = limiter()
    await using api = await upstream(() => ({
      status: 429,
      headers: { 'retry-after': '30', ...headers },
      body: { ok: false, error: 'ratelimited' },
    }))
    const run =
      which === 'slack'
        ? runAction(slack, 'list_channels', {
            input: {},
            credential: { token: 'xoxb-0123456789' },
            config: { api_url: api.url },
            rateLimiter,
          })
        : runAction(jira, 'add_comment', {
            input: { issue_key: 'A-1', body: 'x' },
            credential: { username: 'ada', api_token: '0123456789' },
            config: { base_url: api.url },
            rateLimiter,
          })
    await assert.rejects(run, { code: 'vendor_rate_limited' })
    return pauses
  }
  assert.deepEqual(await ask({}, 'slack'), [])
  assert.deepEqual(await ask({ 'ratelimit-reason': 'jira-per-issue-on-write' }, 'jira'), [])
  assert.deepEqual(await ask({ 'ratelimit-reason': 'jira-burst-based' }, 'jira'), [30])
})
