import type { Scripted } from '#kit/testing'
import { seededRandom } from './random.ts'

/** Fields that actions read, so that odd values get to where they are used. */
const names =
  `ok id key name data items issues values fields errors error message channel channels user users members messages ts status state content
  type transitions issuelinks comments total choices usage model result task_id projectsV2 repositoryOwner repository nodes pageInfo response_metadata
  next_cursor check_runs workflow_runs files labels object commit sha sender streams topic upload_url file_id retry_after isLast nextPageToken accountId
  displayName project description body created emailAddress text input stop_reason assignee __proto__ length map`.split(/\s+/)

const texts = ['', 'text', 'a\u0000b', '\ud800', '<html>', '../..', 'http://[', '1e999', 'x'.repeat(5000), '2026-13-45T99:00:00Z', '-1']
const statuses = [200, 200, 200, 200, 200, 201, 202, 204, 206, 226, 301, 302, 307, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503]
const headers = [
  {},
  {},
  { 'content-type': 'text/html' },
  { link: '<>; rel="next"' },
  { link: '<http://[>; rel="next"' },
  { location: 'http://[' },
  { location: '/again' },
  { 'retry-after': 'soon' },
  { 'retry-after': '-5' },
  { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1e300', 'x-ratelimit-limit': 'NaN' },
  { 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': 'yesterday' },
  { etag: '"1"' },
]

/** Makes answers that no documentation describes: wrong types, pages, nothing, too much, half of it, nested deeply, with characters that databases refuse. */
export function oddAnswers(seed: number): () => Scripted {
  const { below, chance, oneOf } = seededRandom(seed)

  const value = (depth: number): unknown => {
    const kind = below(depth > 4 ? 5 : 9)
    if (kind === 0) return null
    if (kind === 1) return oneOf([0, -1, 1.5, 1e308, 2 ** 53, 1])
    if (kind === 2) return chance(0.5)
    if (kind < 5) return oneOf(texts)
    if (kind === 5) return Array.from({ length: below(4) }, () => value(depth + 1))
    return Object.fromEntries(Array.from({ length: below(8) }, () => [oneOf(names), value(depth + 1)]))
  }

  const body = (): string => {
    const kind = below(20)
    const json = JSON.stringify(value(0))
    if (kind === 0) return ''
    if (kind === 1) return '<!doctype html><title>Sign in</title>'
    if (kind === 2) return json.slice(0, Math.floor(json.length / 2))
    if (kind === 3) return `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    if (kind === 4) return `${'{"fields":'.repeat(5000)}1${'}'.repeat(5000)}`
    if (kind === 5) return '\u0000\u0001\u0002'
    if (kind === 6 && chance(0.1)) return JSON.stringify({ text: 'x'.repeat(11_000_000) })
    return json
  }

  return () => {
    if (chance(0.01)) return { fault: 'cut' }
    return { status: oneOf(statuses), headers: oneOf(headers), body: body() }
  }
}
