import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstream, withSource, type RecordedRequest, type Scripted } from '#kit/testing'
import { jira } from '../index.ts'

const comment = (text: string, more: object = {}): object => ({
  author: { accountId: 'a1', displayName: 'Ada' },
  created: '2026-11-01T10:00:00.000+0000',
  body: { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] },
  ...more,
})
const issue = (id: string, key: string, more: object = {}): { id: string; key: string; fields: object } => ({
  id,
  key,
  fields: {
    summary: `Summary of ${key}`,
    status: { name: 'Open' },
    issuetype: { name: 'Bug' },
    labels: ['a'],
    created: '2026-11-01T09:00:00.000+0000',
    updated: '2026-11-02T09:00:00.000+0000',
    comment: {
      total: 2,
      comments: [comment('Seen by all'), comment('For managers only', { visibility: { type: 'role', value: 'Managers' } })],
    },
    ...more,
  },
})

async function withJira(
  answer: (request: RecordedRequest) => Scripted | undefined,
  work: (run: <T>(use: Parameters<typeof withSource<T>>[2]) => Promise<T>, requests: RecordedRequest[]) => Promise<void>,
): Promise<void> {
  await using api = await upstream((request): Scripted => answer(request) ?? { status: 404, body: { errorMessages: ['not here'] } })
  const config = { base_url: api.url }
  const credential = { username: 'a@example.com', api_token: 'a-token' }
  const run = <T>(use: Parameters<typeof withSource<T>>[2]): Promise<T> =>
    withSource(jira, { kind: 'issues', input: { project: 'ops' }, config, credential }, use)
  await work(run, api.requests)
}

test('issues come page by page, and later only what has changed, by the time that has passed', () =>
  withJira(
    ({ path, json }) => {
      if (path !== '/rest/api/3/search/jql') return undefined
      const second = (json as { nextPageToken?: string }).nextPageToken === 'two'
      return {
        body: second
          ? { issues: [issue('2', 'OPS-2', { security: { id: '7' } })], isLast: true }
          : { issues: [issue('1', 'OPS-1')], nextPageToken: 'two' },
      }
    },
    async (run, requests) => {
      const first = await run((source, context) => source.pull(context, undefined))
      const [document] = first.documents
      assert.deepEqual(
        [document!.id, document!.title, document!.audience, first.isLast],
        ['1', 'OPS-1: Summary of OPS-1', 'project', false],
      )
      assert.match(String(document!.content), /Bug OPS-1, Open\. Labels: a[\s\S]*## Ada, 2026-11-01\n\nSeen by all/)
      assert.doesNotMatch(String(document!.content), /managers/)
      const last = await run((source, context) => source.pull(context, first.cursor))
      assert.deepEqual([last.documents[0]!.audience, last.isLast], ['security 7', true])
      await run((source, context) => source.pull(context, last.cursor))
      const asked = requests.map(({ json }) => (json as { jql: string }).jql)
      assert.equal(asked[0], 'project = "OPS" ORDER BY created ASC')
      assert.match(asked[2]!, /^project = "OPS" AND updated >= "-[67]m" ORDER BY created ASC$/)
    },
  ))

test('an event names the issue; one that is gone or was moved is missing', () =>
  withJira(
    ({ path }) =>
      path.endsWith('/issue/1') ? { body: issue('1', 'OPS-1') } : path.endsWith('/issue/3') ? { body: issue('3', 'DEV-9') } : undefined,
    async (run) => {
      const { changedBy } = jira.sources['issues']!
      const by = (data: unknown) => changedBy!({ type: 'jira.issue_updated', data }, { project: 'OPS' })
      assert.deepEqual(by({ issue: { id: 1, key: 'OPS-1' } }), ['1'])
      assert.deepEqual([by({ issue: { id: '5', key: 'OPS2-1' } }), by(null)], [[], []])
      const read = await run((source, context) => source.fetch!(context, ['1', '2', '3']))
      assert.deepEqual(
        read.documents.map(({ id }) => id),
        ['1'],
      )
    },
  ))

test('those who have a role and may browse the project read it, and nobody a security level', () =>
  withJira(
    ({ path, query, json, method }) => {
      if (path.endsWith('/project/OPS')) return { body: { id: '100' } }
      if (path.endsWith('/project/OPS/role')) return { body: { Developers: 'https://jira.example/rest/api/3/project/OPS/role/5' } }
      if (path.endsWith('/role/5'))
        return {
          body: {
            actors: [
              { type: 'atlassian-user-role-actor', actorUser: { accountId: 'A1' } },
              { type: 'atlassian-group-role-actor', actorGroup: { groupId: 'g1' } },
            ],
          },
        }
      if (path.endsWith('/group/member') && query.get('groupId') === 'g1')
        return {
          body: {
            values: [{ accountId: 'A2', emailAddress: 'Grace@example.com' }, { accountId: 'A3' }, { accountId: 'A4', active: false }],
            isLast: true,
          },
        }
      if (method !== 'POST' || !path.endsWith('/permissions/check')) return undefined
      const { accountId } = json as { accountId: string }
      return { body: { projectPermissions: accountId === 'A3' ? [] : [{ permission: 'BROWSE_PROJECTS', projects: [100] }] } }
    },
    async (run) => {
      assert.deepEqual(await run((source, context) => source.readers(context, 'project')), [
        'user:a1',
        'user:a2',
        'email:grace@example.com',
      ])
      assert.deepEqual(await run((source, context) => source.readers(context, 'security 7')), [])
    },
  ))
