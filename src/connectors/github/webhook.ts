import { deliveryIds, largestBodies, schemes, type WebhookDeclaration, type WebhookSample } from '#kit'
import { recovery } from './recovery.ts'
import { setup } from './webhook-setup.ts'

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
  setup,
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
