import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Gitlab } from '@gitbeaker/rest'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { gitlabStandIn, type GitLabStandIn } from './gitlab.ts'
import { contract } from './prism.ts'

const project = 'octo-group/hello-world'

/** Which of GitLab's schemas a reply is held to, by method and path. */
const schemas: readonly (readonly [RegExp, string])[] = [
  [/^GET [^?]*\/projects$/, 'projects.json'],
  [/^GET .*\/projects\/[^/]+$/, 'project.json'],
  [/^GET .*\/issues$/, 'issues.json'],
  [/^(?:POST .*\/issues|(?:GET|PUT) .*\/issues\/\d+)$/, 'issue.json'],
  [/^GET .*\/notes$/, 'notes.json'],
  [/^(?:POST .*\/notes|GET .*\/notes\/\d+)$/, 'note.json'],
  [/^GET .*\/merge_requests$/, 'merge_requests.json'],
  [/^(?:POST .*\/merge_requests|(?:GET|PUT) .*\/merge_requests\/\d+(?:\/merge)?)$/, 'merge_request.json'],
  [/^GET .*\/diffs$/, 'merge_request_diffs.json'],
  [/^GET .*\/commits$/, 'commits.json'],
  [/^GET .*\/commits\/[^/]+$/, 'commit/detail.json'],
  [/^GET .*\/branches$/, 'branches.json'],
  [/^(?:POST .*\/branches|GET .*\/branches\/[^/]+)$/, 'branch.json'],
  [/^GET .*\/pipelines\/\d+$/, 'pipeline/detail.json'],
  [/^GET .*\/hooks$/, 'project_hooks.json'],
  [/^(?:POST .*\/hooks|PUT .*\/hooks\/\d+)$/, 'project_hook.json'],
]

function holdToSchemas({ replies }: GitLabStandIn, t: TestContext): void {
  const folder = contract('gitlab')
  if (!folder) return t.diagnostic('SKIPPED: ../shared/contracts/gitlab is not beside this repository; replies were not held to it')
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  formats.default(ajv)
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.json') && !file.startsWith('origin'))
      ajv.addSchema({ ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object), $id: `http://gitlab/${file}` })
  let checked = 0
  for (const { method, path, status, body } of replies) {
    const found = schemas.find(([pattern]) => pattern.test(`${method} ${path}`))
    if (!found || status >= 300) continue
    const fits = ajv.getSchema(`http://gitlab/${found[1]}`)!
    const plain: unknown = JSON.parse(JSON.stringify(body))
    assert.ok(fits(plain), `${method} ${path}: ${JSON.stringify(fits.errors?.map((one) => [one.instancePath, one.message, one.params]))}`)
    checked += 1
  }
  assert.ok(checked > 10, String(checked))
  t.diagnostic(`${checked} of ${replies.length} replies held to GitLab's schemas`)
}

test('a client that we did not write works on our GitLab, and its replies fit GitLab’s schemas', async (t) => {
  await using standIn = await gitlabStandIn()
  const api = new Gitlab({ host: standIn.url, token: standIn.token })
  const issue = await api.Issues.create(project, 'Bug', { description: 'It breaks', labels: 'bug' })
  assert.equal((await api.Issues.edit(project, issue.iid, { stateEvent: 'close' })).state, 'closed')
  await api.IssueNotes.create(project, issue.iid, 'Hello')
  assert.equal((await api.IssueNotes.all(project, issue.iid)).length, 1)
  for (let number = 0; number < 25; number++) await api.Issues.create(project, `Bug ${number}`)
  assert.equal((await api.Issues.all({ projectId: project })).length, 26)
  await api.Branches.create(project, 'feature', 'main')
  await api.RepositoryFiles.create(project, 'a.md', 'feature', 'text', 'Add')
  assert.equal((await api.RepositoryFiles.show(project, 'a.md', 'feature')).content, btoa('text'))
  const merge = await api.MergeRequests.create(project, 'feature', 'main', 'Add')
  assert.equal((await api.MergeRequests.allDiffs(project, merge.iid))[0]!.new_path, 'a.md')
  assert.equal((await api.MergeRequests.merge(project, merge.iid)).state, 'merged')
  assert.equal((await api.Commits.all(project)).length, 2)
  assert.equal((await api.Commits.show(project, 'main')).parent_ids?.length, 1)
  assert.equal((await api.Branches.all(project)).length, 2)
  assert.equal((await api.Projects.show(project)).path_with_namespace, project)
  assert.equal((await api.Pipelines.show(project, 1)).status, 'failed')
  const fault = new Gitlab({ host: standIn.url, token: 'wrong' })
  await assert.rejects(fault.Projects.show(project), /Unauthorized/)
  holdToSchemas(standIn, t)
})
