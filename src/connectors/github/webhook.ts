import { deliveryIds, largestBodies, schemes, type WebhookDeclaration, type WebhookSample } from '#kit'
import { recovery } from './recovery.ts'

/** The common events. All other events of GitHub are accepted too, under GitHub's names. */
export const events: Readonly<Record<string, string>> = {
  check_run: 'A check run was created, finished or requested again.',
  check_suite: 'The checks of a commit finished or were requested.',
  commit_comment: 'A commit was commented on.',
  create: 'A branch or tag was created.',
  delete: 'A branch or tag was deleted.',
  deployment: 'A deployment was created.',
  deployment_status: 'A deployment has a new status.',
  discussion: 'A discussion was opened, edited, answered or closed.',
  discussion_comment: 'A discussion was commented on.',
  fork: 'A repository was forked.',
  issue_comment: 'An issue or pull request was commented on.',
  issues: 'An issue was opened, edited, labelled, assigned or closed.',
  label: 'A label was created, changed or deleted.',
  member: 'A collaborator was added, changed or removed.',
  milestone: 'A milestone was created, closed or changed.',
  organization: 'A member joined or left an organisation.',
  ping: 'A hook was created or tested.',
  projects_v2_item: 'An item of a project was added, changed, moved or removed.',
  pull_request: 'A pull request was opened, changed, labelled, merged or closed.',
  pull_request_review: 'A review was submitted, edited or dismissed.',
  pull_request_review_comment: 'A line of a pull request was commented on.',
  pull_request_review_thread: 'A thread of a review was resolved or opened again.',
  push: 'Commits were pushed, or a branch or tag was moved.',
  release: 'A release was created, published, edited or deleted.',
  repository: 'A repository was created, renamed, archived, moved or deleted.',
  star: 'A repository was starred or no longer is.',
  status: 'A commit has a new status.',
  workflow_dispatch: 'A workflow was started by hand.',
  workflow_job: 'A job of a workflow was queued, started or finished.',
  workflow_run: 'A workflow was requested, started or finished.',
}

const sampleOf =
  (type: string, fields: Readonly<Record<string, unknown>>): WebhookSample =>
  (number) => ({
    headers: { 'x-github-event': type, 'x-github-delivery': `sample-${number}` },
    body: {
      ...fields,
      repository: { name: 'hello-world', full_name: 'octo-org/hello-world', owner: { login: 'octo-org' }, default_branch: 'main' },
      sender: { login: 'octocat' },
    },
  })

export const webhook: WebhookDeclaration = {
  schemes: [schemes.github],
  secretCredentials: ['github-webhook-secret'],
  identify(delivery) {
    const { 'x-github-event': event } = delivery.headers
    return {
      ...deliveryIds(schemes.github, delivery),
      type: typeof event === 'string' && /^[a-z_0-9]{1,64}$/.test(event) ? event : 'unknown',
    }
  },
  subject(data) {
    const payload = objectIn({ data }, 'data')
    const repository = textIn(objectIn(payload, 'repository'), 'full_name')
    if (repository === undefined) return textIn(objectIn(payload, 'organization'), 'login')
    const number =
      ['issue', 'pull_request', 'discussion'].map((name) => numberIn(objectIn(payload, name))).find((found) => found !== undefined) ??
      numberIn(payload)
    return number === undefined ? repository : `${repository}#${number}`
  },
  samples: {
    ping: sampleOf('ping', { zen: 'Keep it logically awesome.', hook_id: 1 }),
    issues: sampleOf('issues', {
      action: 'opened',
      issue: {
        number: 1,
        title: 'A sample issue',
        body: 'It was not opened on GitHub.',
        state: 'open',
        labels: [],
        user: { login: 'octocat' },
        html_url: 'https://github.com/octo-org/hello-world/issues/1',
      },
    }),
    pull_request: sampleOf('pull_request', {
      action: 'opened',
      number: 2,
      pull_request: {
        number: 2,
        title: 'A sample pull request',
        body: 'It was not opened on GitHub.',
        state: 'open',
        draft: false,
        user: { login: 'octocat' },
        head: { ref: 'sample', sha: 'e83c5163316f89bfbde7d9ab23ca2e25604af290' },
        base: { ref: 'main', sha: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d' },
        html_url: 'https://github.com/octo-org/hello-world/pull/2',
      },
    }),
    push: sampleOf('push', {
      ref: 'refs/heads/main',
      before: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
      after: 'e83c5163316f89bfbde7d9ab23ca2e25604af290',
      commits: [
        { id: 'e83c5163316f89bfbde7d9ab23ca2e25604af290', message: 'A sample commit', added: [], removed: [], modified: ['README.md'] },
      ],
    }),
  },
  recovery,
  largestBody: () => largestBodies.github,
  legacyPaths: ['/api/v1/integrations/github/webhook'],
}

type Fields = Readonly<Record<string, unknown>>

function objectIn(fields: Fields, name: string): Fields {
  const value = fields[name]
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value.length > 0 && value.length <= 250 ? value : undefined
}

function numberIn({ number }: Fields): number | undefined {
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}
