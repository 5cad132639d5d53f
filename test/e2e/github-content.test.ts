import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshDatabase, serveProcess } from '#test'
import { until } from '#test/faults'
import { ask, hubSettings } from '../faults/webhooks.ts'
import { githubStandIn } from '../standins/github.ts'

const repository = 'octocat/hello-world'

test('issues with their comments and files of a repository are kept in step, and found', async () => {
  await using github = await githubStandIn()
  await using database = await freshDatabase()
  await using hub = await serveProcess({ ...hubSettings, DATABASE_URL: database.url })
  const at = async (path: string, body: object): Promise<{ number: number }> => {
    const headers = { authorization: `Bearer ${github.token}` }
    const reply = await fetch(`${github.url}/repos/${repository}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.ok(reply.ok, `${path}: ${reply.status}`)
    return (await reply.json()) as { number: number }
  }
  // More than one page of the source.
  for (let n = 0; n < 35; n++) await at('/issues', { title: `Bug ${n} of the login page`, body: 'The session cookie is lost.' })
  const { number } = await at('/issues', { title: 'Помилка входу', body: 'Потрібна нова інтеграція.' })
  await at(`/issues/${number}/comments`, { body: 'A pangolin chewed on the cable.' })

  await ask(hub, '/api/v1/integrations', {
    name: 'octo',
    integration_type: 'github',
    access_token: github.token,
    config: { api_url: github.url },
  })
  const settled = (id: string) =>
    until('the sync has ended', async () => {
      const source = await ask(hub, `/api/v1/sources/${id}`)
      return source.status !== 'syncing' && source
    })
  const issues = await ask(hub, '/api/v1/sources', { integration: 'octo', kind: 'issues', config: { repository } })
  const files = await ask(hub, '/api/v1/sources', { integration: 'octo', kind: 'files', config: { repository } })
  const first = await settled(issues.id)
  assert.deepEqual([first.status, first.documents, first.failing], ['idle', 36, 0])
  const stored = await settled(files.id)
  assert.deepEqual([stored.status, stored.documents], ['idle', 1])

  const best = async (q: string): Promise<any> => (await ask(hub, `/api/v1/search?q=${encodeURIComponent(q)}&limit=1`)).items[0]
  assert.match((await best('pangolin cable')).document.title, new RegExp(`#${number}`))
  assert.match((await best('інтеграції')).document.title, /^Помилка входу/)
  assert.equal((await best('readme')).document.path, 'README.md')

  await at(`/issues/${number}/comments`, { body: 'It was an armadillo.' })
  await ask(hub, `/api/v1/sources/${issues.id}/sync`, {})
  const again = await settled(issues.id)
  assert.deepEqual([again.documents, again.sync.added, again.sync.changed], [36, 0, 1])
  assert.match((await best('armadillo')).document.title, new RegExp(`#${number}`))
})
