import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HubError } from '#errors'
import type { Connector } from '#kit'
import { runAction } from '#kit/testing'
import { github } from '../../src/connectors/github/index.ts'
import { jira } from '../../src/connectors/jira/index.ts'
import { contract, prismMock } from './prism.ts'

/**
 * Each action's example goes to a server made of the vendor's own description: Prism refuses what does not fit it, and its answers are
 * the vendor's own examples, which the action has to understand.
 */
interface Case {
  readonly connector: Connector
  readonly file: string
  readonly credential: Record<string, string>
  readonly config: (url: string) => object
  /** Actions whose operation the trimmed description leaves out. */
  readonly notDescribed: readonly string[]
  /** Replies of the description's own that contradict it, or that a stateless server cannot give. */
  readonly excused: Readonly<Record<string, string>>
}

const cases: readonly Case[] = [
  {
    // Prism in mock mode knows no vendor media types in Accept.
    connector: { ...github, headers: { ...github.headers, accept: 'application/json' } },
    file: 'github.json',
    credential: { token: 'ghp_0123456789abcdef0123' },
    config: (url) => ({ api_url: url }),
    notDescribed: [
      'create_repository',
      'create_branch',
      'delete_contents',
      'request_reviewers',
      'list_check_runs',
      'dispatch_workflow',
      'get_release',
      'create_release',
      'list_projects',
      'list_project_fields',
      'list_project_items',
    ],
    excused: {
      get_pull_request_diff: 'the description has no diff media type',
      list_repositories: 'the list of another user’s repositories is not in it',
      get_user: 'another user is not in it',
      search_code: 'the description has no text-match media type',
      get_issue: 'the first of its examples is no issue',
      get_repository: 'its example lacks a field that its own schema demands (language)',
      list_branches: 'its example lacks a field that its own schema demands (checks)',
      list_pull_requests: 'its example lacks a field that its own schema demands (type of a team)',
      get_pull_request: 'the same example',
      create_pull_request: 'the same example',
      update_pull_request: 'the same example',
    },
  },
  {
    connector: jira,
    file: 'jira.json',
    credential: { username: 'ada@example.com', api_token: 'jira-token-0123' },
    config: (url) => ({ base_url: url }),
    notDescribed: ['list_statuses', 'link_issues'],
    excused: {
      find_project: 'the example’s projects have other names',
      transition_issue: 'the example’s transitions have other names',
      assign_issue: 'Prism sends a body with 204, which HTTP forbids',
    },
  },
]

for (const { connector, file, credential, config, notDescribed, excused } of cases) {
  test(`${connector.name} speaks as ${file} describes, and understands its examples`, async (t) => {
    const path = contract(file)
    if (!path) return t.skip(`../shared/contracts/${file} is not beside this repository`)
    await using prism = await prismMock(path)
    const faults: string[] = []
    let checked = 0
    for (const [verb, action] of Object.entries(connector.actions)) {
      if (notDescribed.includes(verb) || verb in excused) continue
      checked += 1
      await runAction(connector, verb, {
        input: action.example,
        credential,
        config: config(prism.url) as Record<string, unknown>,
        timeoutMs: 20_000,
      }).catch((error: unknown) => {
        faults.push(`${verb}: ${error instanceof HubError ? error.message : String(error).replaceAll(/\s+/g, ' ').slice(0, 400)}`)
      })
    }
    assert.deepEqual(faults, [])
    t.diagnostic(`${checked} of ${Object.keys(connector.actions).length} actions; not described: ${notDescribed.join(', ')}`)
  })
}
