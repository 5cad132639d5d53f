import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CursorLost, type ActionContext, type SourceDocument, type SourcePage } from '#kit'
import { readCurrent, runAction } from '#kit/testing'
import { gitlabStandIn, type GitLabStandIn } from '../../../test/standins/gitlab.ts'
import { gitlab } from './index.ts'

const project = 'octo-group/hello-world'

/** Asks a source as the hub does, with a client that may only read. */
function asking(standIn: GitLabStandIn, kind: string, options: object = {}) {
  const source = gitlab.sources[kind]!
  const input = source.options.parse({ project, ...options })
  const settings = { credential: { token: standIn.token }, config: { base_url: standIn.url } }
  const ask = async <T>(work: (context: ActionContext<any>) => Promise<T>): Promise<T> => {
    const action = { ...gitlab.actions['get_project']!, current: (context: ActionContext<any>) => work({ ...context, input }) }
    return (await readCurrent({ ...gitlab, actions: { get_project: action } }, 'get_project', { ...settings, input: { project } })) as T
  }
  return {
    source,
    input,
    call: (verb: string, more: object): Promise<any> => runAction(gitlab, verb, { ...settings, input: { project, ...more } }),
    page: (cursor?: unknown): Promise<SourcePage> => ask((context) => source.pull(context, cursor)),
    fetch: (ids: readonly string[]) => ask((context) => source.fetch!(context, ids)),
    list: (cursor?: unknown) => ask((context) => source.list!(context, cursor)),
    readers: (audience: string) => ask((context) => source.readers(context, audience)),
    /** All pages until the last one. */
    async sync(cursor?: unknown) {
      const documents: SourceDocument[] = []
      const removed: string[] = []
      for (let pages = 1; pages < 50; pages++) {
        const page = await this.page(cursor)
        documents.push(...page.documents)
        removed.push(...(page.removed ?? []))
        assert.deepEqual(page.failed ?? [], [])
        ;({ cursor } = page)
        if (page.isLast) return { documents, removed, cursor, pages }
      }
      throw new Error('it never ends')
    },
  }
}

const idsOf = (documents: readonly SourceDocument[]): string[] => documents.map(({ id }) => id).toSorted()

suite('issues', () => {
  test('are read page by page with their comments, and later only those that changed', async () => {
    // A minute is read again each time, so changes are further apart.
    await using standIn = await gitlabStandIn({ step: 90_000 })
    const from = asking(standIn, 'issues')
    for (let number = 1; number <= 35; number++) await from.call('create_issue', { title: `Bug ${number}`, description: 'It breaks' })
    await from.call('create_note', { issue: 35, body: 'Hello' })
    await from.call('create_note', { issue: 35, body: 'For us only', internal: true })
    const first = await from.sync()
    assert.deepEqual([first.documents.length, first.pages], [35, 2])
    const last = first.documents.find(({ id }) => id === '35')!
    assert.match(String(last.content), /^# Bug 35\n\nIssue #35, opened\n\nIt breaks\n\n## ada, \d{4}-\d\d-\d\d\n\nHello$/)
    assert.deepEqual([last.audience, last.author, last.type], ['project', 'ada', 'issue'])
    assert.deepEqual(idsOf((await from.sync(first.cursor)).documents), [])
    await from.call('close_issue', { issue: 7 })
    await from.call('create_note', { issue: 9, body: 'More' })
    assert.deepEqual(idsOf((await from.sync(first.cursor)).documents), ['7', '9'])
    assert.equal((await from.list()).ids.length, 35)
    assert.deepEqual(idsOf((await from.fetch(['7', '99'])).documents), ['7'])
  })

  test('may be read by everybody only where project and issues are public, and confidential ones never', async () => {
    await using standIn = await gitlabStandIn()
    const from = asking(standIn, 'issues')
    await from.call('create_issue', { title: 'Secret', confidential: true })
    assert.equal((await from.sync()).documents[0]!.audience, 'members')
    const members = ['user:ada', 'email:ada@example.com', 'user:bob']
    assert.deepEqual(await from.readers('project'), members)
    standIn.project.visibility = 'internal'
    assert.deepEqual(await from.readers('project'), members)
    standIn.project.visibility = 'public'
    assert.deepEqual(await from.readers('project'), ['*'])
    assert.deepEqual(await from.readers('members'), members)
    standIn.project.issues_access_level = 'private'
    assert.deepEqual(await from.readers('project'), members)
    standIn.project.issues_access_level = 'disabled'
    assert.deepEqual(await from.readers('project'), [])
  })

  test('are named by events of the project, and those of others concern nothing', () => {
    const { source, input } = { source: gitlab.sources['issues']!, input: { project } }
    const about = (data: object) => source.changedBy!({ type: 'gitlab.issue', data }, input)
    const place = { path_with_namespace: 'Octo-Group/Hello-World' }
    assert.deepEqual(about({ object_kind: 'issue', project: place, object_attributes: { iid: 5 } }), ['5'])
    assert.deepEqual(about({ object_kind: 'note', project: place, object_attributes: { id: 1 }, issue: { iid: 6 } }), ['6'])
    assert.deepEqual(about({ object_kind: 'note', project: place, object_attributes: { id: 1 }, merge_request: { iid: 6 } }), [])
    assert.deepEqual(about({ object_kind: 'issue', project: { path_with_namespace: 'other/one' }, object_attributes: { iid: 5 } }), [])
    assert.deepEqual(about({ object_kind: 'issue', project: null }), [])
  })
})

test('merge requests are read with their comments and changed files', async () => {
  await using standIn = await gitlabStandIn()
  const from = asking(standIn, 'merge_requests')
  await from.call('create_branch', { branch: 'feature', ref: 'main' })
  await from.call('put_file', { path: 'new.md', branch: 'feature', message: 'Add', content: 'new' })
  await from.call('create_merge_request', { source_branch: 'feature', target_branch: 'main', title: 'Add it' })
  await from.call('create_note', { merge_request: 1, body: 'Fine' })
  const { documents } = await from.sync()
  assert.match(String(documents[0]!.content), /Merge request !1, opened\. From branch feature into main\n\n## ada, [\d-]+\n\nFine/)
  assert.deepEqual(documents[0]!.changedFiles, [
    { change: '!1', path: 'new.md', previousPath: undefined, status: 'added', additions: 1, deletions: 1 },
  ])
  standIn.project.visibility = 'public'
  standIn.project.merge_requests_access_level = 'private'
  assert.ok(!(await from.readers('project')).includes('*'))
})

suite('files', () => {
  test('are read once, and later only what differs between two commits', async () => {
    await using standIn = await gitlabStandIn()
    const from = asking(standIn, 'files')
    const write = (path: string, content: string) => from.call('put_file', { path, branch: 'main', message: 'm', content })
    for (let number = 0; number < 45; number++) await write(`src/part/${number}.ts`, `export const a = ${number}\n`)
    await write('logo.png', 'not a text')
    await write('big.txt', 'x'.repeat(400_000))
    const first = await from.sync()
    assert.ok(first.pages > 1)
    const ids = idsOf(first.documents)
    assert.deepEqual(
      [ids.length, ids.includes('logo.png'), ids.includes('big.txt'), ids.includes('docs/guide.md')],
      [47, false, false, true],
    )
    assert.deepEqual(await from.page(first.cursor), { documents: [], cursor: first.cursor, isLast: true })
    await write('src/part/3.ts', 'changed')
    await write('src/other/new.ts', 'new')
    await from.call('delete_file', { path: 'src/part/4.ts', branch: 'main', message: 'm' })
    const before = standIn.replies.length
    const second = await from.sync(first.cursor)
    assert.deepEqual([idsOf(second.documents), second.removed], [['src/other/new.ts', 'src/part/3.ts'], ['src/part/4.ts']])
    assert.equal(Buffer.from(second.documents.find(({ id }) => id === 'src/part/3.ts')!.content as Uint8Array).toString(), 'changed')
    assert.ok(standIn.replies.length - before < 15, String(standIn.replies.length - before))
    assert.deepEqual(idsOf((await from.fetch(['src/part/3.ts', 'src/part/4.ts'])).documents), ['src/part/3.ts'])
  })

  test('are read again where the stored commit does not exist any more', async () => {
    await using standIn = await gitlabStandIn()
    await assert.rejects(asking(standIn, 'files').page({ commit: 'a'.repeat(40), done: 0 }), CursorLost)
  })

  test('only below the chosen paths, and of the chosen branch', async () => {
    await using standIn = await gitlabStandIn()
    assert.deepEqual(idsOf((await asking(standIn, 'files', { paths: ['docs/'] }).sync()).documents), ['docs/guide.md'])
    await assert.rejects(asking(standIn, 'files', { branch: 'absent' }).page(), /no branch "absent"/)
    const { changedBy } = gitlab.sources['files']!
    const data = { ref: 'refs/heads/main', project: { path_with_namespace: project, default_branch: 'main' } }
    assert.equal(changedBy!({ type: 'gitlab.push', data }, { project }), 'all')
    assert.deepEqual(changedBy!({ type: 'gitlab.push', data: { ...data, ref: 'refs/heads/x' } }, { project }), [])
  })
})
