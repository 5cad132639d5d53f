import { z } from 'zod'
import { defineWebhookSetup, HubError, pagesByLink, path, type Http, type WebhookTarget } from '#kit'
import { webOf } from './urls.ts'

interface Hook {
  readonly id: number
  readonly url: string
  readonly signing_token_present?: boolean
}

/** The switches of a hook, by the `object_kind` of the events that they send. */
const switches = {
  push: 'push_events',
  tag_push: 'tag_push_events',
  issue: 'issues_events',
  merge_request: 'merge_requests_events',
  note: 'note_events',
  pipeline: 'pipeline_events',
  build: 'job_events',
  deployment: 'deployment_events',
  release: 'releases_events',
  wiki_page: 'wiki_page_events',
  emoji: 'emoji_events',
  milestone: 'milestone_events',
  feature_flag: 'feature_flag_events',
} as const

type Event = keyof typeof switches
const known = Object.keys(switches) as Event[]
const common: readonly Event[] = ['push', 'tag_push', 'issue', 'merge_request', 'note', 'pipeline', 'release']

const input = z
  .strictObject({
    project: z.string().min(1).max(500).optional().describe('The project: its path with the group, or its id.'),
    group: z.string().min(1).max(500).optional().describe('Instead of a project: the group, for all of its projects (GitLab Premium).'),
    events: z.array(z.enum(known)).min(1).max(100).optional().describe('Which events are sent; the common ones when left out.'),
    confidential: z.boolean().default(false).describe('Also events of confidential issues, and comments on them.'),
  })
  .refine(({ project, group }) => (project === undefined) !== (group === undefined), {
    error: 'needs a project, or a group instead',
    path: ['project'],
  })

type Input = z.output<typeof input>

/** Hooks of a project or a group. */
export const setup = defineWebhookSetup({
  input,
  example: { project: 'octo-group/hello-world' },
  async run({ input: asked, http, config }, target) {
    const { project, group } = asked
    const hooks = group === undefined ? path`/projects/${project ?? ''}/hooks` : path`/groups/${group}/hooks`
    const chosen = asked.events ?? common
    const wanted = { ...settingsOf(asked, chosen), ...secretOf(target.secret) }
    const { hook, created } = await explained(asked, async () => {
      const existing = await find(http, hooks, target)
      if (existing) return { hook: await http.put<Hook>(`${hooks}/${existing.id}`, { url: target.url, ...wanted }), created: false }
      return { hook: await http.post<Hook>(hooks, { url: target.url, ...wanted }), created: true }
    })
    // An older GitLab ignores the signing token without a word. It then sends the secret itself.
    if ('signing_token' in wanted && hook.signing_token_present !== true)
      await http.put(`${hooks}/${hook.id}`, { url: target.url, ...wanted, signing_token: undefined, token: target.secret })
    const home = project === undefined ? `groups/${group ?? ''}/-` : /^\d+$/.test(project) ? undefined : `${project}/-`
    return {
      hook_id: String(hook.id),
      created,
      events: [...chosen],
      settings_url: home === undefined ? undefined : `${webOf(config)}/${home.split('/').map(encodeURIComponent).join('/')}/hooks`,
    }
  },
})

function settingsOf({ confidential }: Input, chosen: readonly Event[]): Record<string, boolean> {
  return {
    ...Object.fromEntries(known.map((event) => [switches[event], chosen.includes(event)])),
    confidential_issues_events: confidential && chosen.includes('issue'),
    confidential_note_events: confidential && chosen.includes('note'),
    enable_ssl_verification: true,
  }
}

/** A signing token has 32 bytes in base64 after `whsec_`. GitLab sends any other secret as it is. */
function secretOf(secret: string): { signing_token: string } | { token: string } {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : undefined
  return key?.length === 32 ? { signing_token: secret } : { token: secret }
}

const maxPages = 10

async function find(http: Http, hooks: string, { url }: WebhookTarget): Promise<Hook | undefined> {
  for await (const page of pagesByLink<Hook[]>(http, hooks, { maxPages, options: { query: { per_page: 100 } } })) {
    const found = page.find((hook) => hook.url === url)
    if (found) return found
  }
  return undefined
}

/** GitLab answers 404 where a token may not see the project, and 403 where it may not manage its hooks. */
async function explained<T>({ project, group }: Input, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HubError) || (error.code !== 'vendor_forbidden' && error.code !== 'vendor_not_found')) throw error
    const [place, role] = project === undefined ? [`the group ${group}`, 'owner'] : [`the project ${project}`, 'maintainer or owner']
    throw error.with({
      detail: `GitLab does not let this token manage the webhooks of ${place}, or it does not exist`,
      hint: `use a token with the scope api whose owner is a ${role} there`,
    })
  }
}
