import { deliveryIds, largestBodies, schemes, type WebhookDeclaration, type WebhookSample } from '#kit'
import { setup } from './webhook-setup.ts'

const project = { id: 1, name: 'Hello World', path_with_namespace: 'octo-group/hello-world', default_branch: 'main' }
const user = { id: 1, name: 'Ada Lovelace', username: 'ada' }

const sampleOf =
  (type: string, fields: Readonly<Record<string, unknown>>): WebhookSample =>
  (number) => ({
    headers: { 'x-gitlab-event': 'Sample Hook', 'idempotency-key': `sample-${number}` },
    body: { object_kind: type, event_type: type, user, project, ...fields },
  })

export const webhook: WebhookDeclaration = {
  // Where a signing token is set, only the signature counts.
  schemes: [schemes.gitlab, schemes.gitlab_token],
  secretCredentials: ['gitlab-webhook-secret'],
  identify(delivery) {
    const { object_kind: kind, event_name: name } = (delivery.json() ?? {}) as Record<string, unknown>
    const isSigned = delivery.headers['webhook-signature'] !== undefined || delivery.headers['svix-signature'] !== undefined
    // X-Gitlab-Webhook-UUID names the hook, and not the delivery.
    const unsigned =
      delivery.headers['idempotency-key'] === undefined
        ? { ...schemes.gitlab_token, deliveryIdHeader: 'x-gitlab-event-uuid' }
        : schemes.gitlab_token
    return { ...deliveryIds(isSigned ? schemes.gitlab : unsigned, delivery), type: typeOf(kind) ?? memberType(name) ?? 'unknown' }
  },
  subject(data) {
    const payload = objectIn({ data }, 'data')
    const place = textIn(objectIn(payload, 'project'), 'path_with_namespace') ?? textIn(objectIn(payload, 'group'), 'full_path')
    if (place === undefined) return textIn(payload, 'group_path')
    const about = objectIn(payload, 'object_attributes')
    const kind = payload['object_kind']
    const issue = numberIn(objectIn(payload, 'issue')) ?? (kind === 'issue' || kind === 'work_item' ? numberIn(about) : undefined)
    if (issue !== undefined) return `${place}#${issue}`
    const merge = numberIn(objectIn(payload, 'merge_request')) ?? (kind === 'merge_request' ? numberIn(about) : undefined)
    return merge === undefined ? place : `${place}!${merge}`
  },
  samples: {
    issue: sampleOf('issue', {
      object_attributes: { iid: 1, title: 'A sample issue', description: 'It was not opened on GitLab.', state: 'opened', action: 'open' },
      labels: [],
    }),
    merge_request: sampleOf('merge_request', {
      object_attributes: {
        iid: 2,
        title: 'A sample merge request',
        description: 'It was not opened on GitLab.',
        state: 'opened',
        action: 'open',
        source_branch: 'sample',
        target_branch: 'main',
      },
    }),
    note: sampleOf('note', {
      object_attributes: { id: 3, note: 'A sample comment', noteable_type: 'Issue' },
      issue: { iid: 1, title: 'A sample issue', state: 'opened' },
    }),
    push: sampleOf('push', {
      ref: 'refs/heads/main',
      before: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
      after: 'e83c5163316f89bfbde7d9ab23ca2e25604af290',
      commits: [
        { id: 'e83c5163316f89bfbde7d9ab23ca2e25604af290', message: 'A sample commit', added: [], removed: [], modified: ['README.md'] },
      ],
    }),
    pipeline: sampleOf('pipeline', { object_attributes: { id: 4, ref: 'main', status: 'success' } }),
  },
  setup,
  largestBody: () => largestBodies.gitlab,
}

type Fields = Readonly<Record<string, unknown>>

const typeOf = (kind: unknown): string | undefined => (typeof kind === 'string' && /^[a-z_0-9]{1,64}$/.test(kind) ? kind : undefined)

/** Events of members have a name and no kind: `user_add_to_group`. */
const memberType = (name: unknown): string | undefined =>
  typeof name === 'string' && /^user_(?:add_to|update_for|remove_from|access_request)/.test(name) ? 'member' : typeOf(name)

function objectIn(fields: Fields, name: string): Fields {
  const value = fields[name]
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value.length > 0 && value.length <= 250 ? value : undefined
}

function numberIn({ iid }: Fields): number | undefined {
  return typeof iid === 'number' && Number.isSafeInteger(iid) ? iid : undefined
}
