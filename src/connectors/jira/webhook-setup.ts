import { z } from 'zod'
import { defineWebhookSetup, HubError, hubError, type ActionContext, type WebhookTarget } from '#kit'
import type { JiraConfig } from './config.ts'
import { events as known } from './events.ts'

/** The names as Jira wants them: some begin with `jira:`. */
const withPrefix = /^(?:issue_|version_)/
const nameOf = (event: string): string => (withPrefix.test(event) ? `jira:${event}` : event)
/** What most people mean by changes in Jira; boards, sprints, users and versions only if they are asked for. */
const common = ['issue_created', 'issue_updated', 'issue_deleted', 'comment_created', 'comment_updated', 'comment_deleted']

interface Hook {
  readonly self: string
  readonly url: string
  readonly name: string
  readonly events?: readonly string[]
}

const input = z.strictObject({
  events: z
    .array(z.string().refine((name) => Object.hasOwn(known, name), 'is not an event of Jira that the hub knows'))
    .min(1)
    .max(100)
    .optional()
    .describe('Which events are sent; those of issues and comments when left out.'),
  jql: z.string().min(1).max(2000).optional().describe('Only events of the issues that this finds, e.g. project = OPS.'),
})

/**
 * Hooks of the whole site, as administrators have them: they are the only ones that Jira signs with a secret. Those that an OAuth app may
 * register carry a token of the app instead, which the hub does not accept.
 */
export const setup = defineWebhookSetup({
  input,
  example: {},
  async run(context, target) {
    const { base_url: site, cloud_id: cloud } = context.config as JiraConfig
    if (cloud !== undefined)
      throw hubError('invalid_input', {
        detail: 'Jira lets an integration that is connected by OAuth create no webhooks with a secret',
        hint: 'use an integration with the API token of a Jira administrator, or enter URL and secret in Jira under System, WebHooks',
      })
    const hooks = `${site.replace(/\/+$/, '')}/rest/webhooks/1.0/webhook`
    const { made, created } = await explained(() => store(context, hooks, target))
    const id = idOf(made)
    return {
      hook_id: id,
      created,
      events: (made.events ?? []).map((name) => name.replace(/^jira:/, '')),
      settings_url: `${site.replace(/\/+$/, '')}/plugins/servlet/webhooks#/${id}`,
    }
  },
})

async function store({ http, input: asked }: ActionContext<z.output<typeof input>>, hooks: string, { url, secret }: WebhookTarget) {
  const wanted = {
    name: 'IntegrationHub',
    url,
    events: (asked.events ?? common).map(nameOf),
    filters: asked.jql === undefined ? {} : { 'issue-related-events-section': asked.jql },
    excludeBody: false,
    enabled: true,
    secret,
  }
  const existing = (await http.get<readonly Hook[]>(hooks)).find((hook) => hook.url === url)
  if (!existing) return { made: await http.post<Hook>(hooks, wanted), created: true }
  return { made: await http.put<Hook>(`${hooks}/${idOf(existing)}`, { ...wanted, name: existing.name }), created: false }
}

/** Jira names a hook by its URL only. The id becomes a part of another URL. */
function idOf({ self }: Hook): string {
  const [, id] = /\/(\d{1,20})$/.exec(self) ?? []
  if (id === undefined) throw hubError('vendor_invalid_response', { detail: 'Jira answered without the id of the webhook' })
  return id
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HubError) || (error.code !== 'vendor_forbidden' && error.code !== 'vendor_not_found')) throw error
    throw error.with({
      detail: 'Jira does not let this account manage webhooks',
      hint: 'use the token of an account with the global permission "Administer Jira", or enter URL and secret in Jira under System, WebHooks',
    })
  }
}
