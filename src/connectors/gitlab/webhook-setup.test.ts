import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gitlabStandIn, type GitLabStandIn } from '../../../test/standins/gitlab.ts'
import { gitlab } from './index.ts'

const url = 'https://hub.example/api/v1/webhooks/gitlab'
const signing = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const project = 'octo-group/hello-world'

/** Sets it up through a client that may write. */
async function setUp(standIn: GitLabStandIn, secret: string, more: object = {}): Promise<any> {
  const setup = gitlab.webhook!.setup!
  const input = setup.input.parse({ project, ...more })
  const http = async (method: string, path: string, json?: object) => {
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const reply = await fetch(`${standIn.url}/api/v4${path}`, { method, headers: { 'private-token': standIn.token }, ...body })
    return { status: reply.status, headers: Object.fromEntries(reply.headers), data: await reply.json(), url: path }
  }
  const client = {
    request: ({ method, path }: { method: string; path: string }) => http(method, path),
    get: async (path: string) => (await http('GET', path)).data,
    put: async (path: string, json: object) => (await http('PUT', path, json)).data,
    post: async (path: string, json: object) => (await http('POST', path, json)).data,
  }
  return setup.run({ input, http: client, config: { base_url: 'https://gitlab.example' } } as never, { url, secret })
}

test('a webhook is created once, with the events that were chosen and a signing token', async () => {
  await using standIn = await gitlabStandIn()
  const first = await setUp(standIn, signing)
  assert.equal(first.created, true)
  assert.equal(first.settings_url, 'https://gitlab.example/octo-group/hello-world/-/hooks')
  const again = await setUp(standIn, signing, { events: ['issue'] })
  assert.deepEqual([again.created, again.hook_id, again.events], [false, first.hook_id, ['issue']])
  const [hook] = standIn.hooks
  assert.deepEqual([standIn.hooks.length, hook!['signing_token'], hook!['token']], [1, signing, undefined])
  assert.deepEqual([hook!['issues_events'], hook!['push_events'], hook!['confidential_issues_events']], [true, false, false])
})

test('a GitLab that knows no signing tokens, and a secret that is none, get the secret token', async () => {
  for (const secret of [signing, 'a-plain-secret-0123456789']) {
    await using standIn = await gitlabStandIn()
    standIn.signs = false
    await setUp(standIn, secret)
    assert.equal(standIn.hooks[0]!['token'], secret)
  }
})
