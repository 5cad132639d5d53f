import { deliveryIds, schemes, type WebhookDeclaration } from '#kit'

/** Jira's event names without the prefix `jira:`, which only some of them have. */
export const events: Readonly<Record<string, string>> = {
  attachment_created: 'A file was attached.',
  attachment_deleted: 'An attached file was deleted.',
  board_configuration_changed: 'The settings of a board changed.',
  board_created: 'A board was created.',
  board_deleted: 'A board was deleted.',
  board_updated: 'A board was changed.',
  comment_created: 'An issue was commented on.',
  comment_deleted: 'A comment was deleted.',
  comment_updated: 'A comment was edited.',
  issue_created: 'An issue was created.',
  issue_deleted: 'An issue was deleted.',
  issue_updated: 'An issue was changed: a field, its status or its assignee.',
  issuelink_created: 'Two issues were linked.',
  issuelink_deleted: 'A link between issues was taken away.',
  project_created: 'A project was created.',
  project_deleted: 'A project was deleted.',
  project_updated: 'A project was changed.',
  sprint_closed: 'A sprint was closed.',
  sprint_created: 'A sprint was created.',
  sprint_deleted: 'A sprint was deleted.',
  sprint_started: 'A sprint was started.',
  sprint_updated: 'A sprint was changed.',
  user_created: 'A user was created.',
  user_deleted: 'A user was deleted.',
  user_updated: 'A user was changed.',
  version_created: 'A version was created.',
  version_deleted: 'A version was deleted.',
  version_moved: 'A version was moved in its project’s order.',
  version_released: 'A version was released.',
  version_unreleased: 'A version’s release was taken back.',
  version_updated: 'A version was changed.',
  worklog_created: 'Work was logged.',
  worklog_deleted: 'Logged work was deleted.',
  worklog_updated: 'Logged work was changed.',
}

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
  subject(data) {
    const { issue } = (data ?? {}) as { issue?: { key?: unknown } | null }
    const key = issue?.key
    return typeof key === 'string' && /^[A-Za-z]\w{0,99}-\d{1,15}$/.test(key) ? key : undefined
  },
}
