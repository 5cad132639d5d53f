import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, upstream } from '#kit/testing'
import { github } from './index.ts'

const credential = { token: 'ghp_0123456789abcdef0123456789abcdef0123' }

test('list_projects, list_project_fields and list_project_items read projects by GraphQL', async () => {
  const pageInfo = { hasNextPage: true, endCursor: 'c2' }
  const replies: object[] = [
    {
      repositoryOwner: {
        projectsV2: { nodes: [{ id: 'P1', number: 1, title: 'Plan', shortDescription: null, closed: false, url: 'u' }, null], pageInfo },
      },
    },
    {
      repositoryOwner: {
        projectV2: {
          fields: {
            nodes: [{ id: 'F1', name: 'Status', dataType: 'SINGLE_SELECT', options: [{ id: 'o', name: 'Done' }] }],
            pageInfo: { ...pageInfo, hasNextPage: false },
          },
        },
      },
    },
    {
      repositoryOwner: {
        projectV2: {
          items: {
            nodes: [
              {
                id: 'I1',
                type: 'ISSUE',
                isArchived: false,
                content: { __typename: 'Issue', title: 'T', number: 3, url: 'u', state: 'OPEN', repository: { nameWithOwner: 'o/r' } },
                fieldValues: { nodes: [{ name: 'Done', field: { name: 'Status' } }, { number: 5, field: { name: 'Size' } }, {}] },
              },
            ],
            pageInfo,
          },
        },
      },
    },
    { repositoryOwner: null },
  ]
  await using api = await upstream(() => ({ body: { data: replies.shift() } }))
  const call = (verb: string, input: object) =>
    runAction(github, verb, { input, credential, config: { api_url: api.url } }) as Promise<Record<string, any>>
  const projects = await call('list_projects', { owner: 'o' })
  assert.deepEqual([projects['items'].length, projects['next_cursor']], [1, 'c2'])
  assert.equal(api.requests[0]!.path, '/graphql')
  assert.equal((await call('list_project_fields', { owner: 'o', number: 1 }))['next_cursor'], null)
  assert.deepEqual((await call('list_project_items', { owner: 'o', number: 1, after: 'c1' }))['items'][0].fields, {
    Status: 'Done',
    Size: 5,
  })
  assert.deepEqual((api.requests[2]!.json as { variables: object }).variables, { owner: 'o', number: 1, first: 20, after: 'c1' })
  await assert.rejects(call('list_project_items', { owner: 'nobody', number: 1 }), { code: 'vendor_not_found' })
})

test('errors in a GraphQL reply with status 200 are reported', async () => {
  for (const [type, code] of [
    ['NOT_FOUND', 'vendor_not_found'],
    ['RATE_LIMIT', 'vendor_rate_limited'],
    ['RATE_LIMITED', 'vendor_rate_limited'],
    ['FORBIDDEN', 'vendor_forbidden'],
    ['OTHER', 'vendor_rejected'],
  ] as const) {
    await using api = await upstream(() => ({ body: { data: null, errors: [{ type, message: 'no' }] } }))
    await assert.rejects(runAction(github, 'list_projects', { input: { owner: 'o' }, credential, config: { api_url: api.url } }), { code })
  }
})
