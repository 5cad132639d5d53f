import { deliveryIds, schemes, type WebhookDeclaration } from '#kit'
import { setup } from './webhook-setup.ts'

const issue = { id: '10001', key: 'PROJ-1', fields: { summary: 'A sample issue' } }
const numbered = (number: number) => ({ 'x-atlassian-webhook-identifier': `sample-${number}` })

export const webhook: WebhookDeclaration = {
  schemes: [schemes.jira],
  secretCredentials: ['jira-webhook-secret'],
  identify(delivery) {
    const { webhookEvent: name } = (delivery.json() ?? {}) as { webhookEvent?: unknown }
    return {
      ...deliveryIds(schemes.jira, delivery),
      type: (typeof name === 'string' ? /^(?:jira:)?([a-z][a-z0-9_]{0,63})$/.exec(name)?.[1] : undefined) ?? 'unknown',
    }
  },
  samples: {
    issue_created: (number) => ({ headers: numbered(number), body: { webhookEvent: 'jira:issue_created', issue } }),
    issue_updated: (number) => ({
      headers: numbered(number),
      body: {
        webhookEvent: 'jira:issue_updated',
        issue,
        changelog: { items: [{ field: 'status', fromString: 'To Do', toString: 'In Progress' }] },
      },
    }),
    comment_created: (number) => ({
      headers: numbered(number),
      body: { webhookEvent: 'comment_created', issue, comment: { id: '20001', body: 'A sample comment' } },
    }),
  },
  setup,
  subject(data) {
    const { issue } = (data ?? {}) as { issue?: { key?: unknown } | null }
    const key = issue?.key
    return typeof key === 'string' && /^[A-Za-z]\w{0,99}-\d{1,15}$/.test(key) ? key : undefined
  },
}
