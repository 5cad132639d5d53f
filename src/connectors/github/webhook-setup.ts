import { z } from 'zod'
import { defineWebhookSetup, HubError, pagesByLink, path, type Http, type WebhookTarget } from '#kit'
import { events as known } from './events.ts'
import { webOf } from './urls.ts'

interface Hook {
  readonly id: number
  readonly events: readonly string[]
  readonly config: { readonly url?: string }
}

/** GitHub sends a ping by itself, and does not take it as an event to send. */
const neverChosen = ['ping']
const onlyOfOrganizations = ['organization', 'projects_v2_item']

const input = z
  .strictObject({
    owner: z.string().min(1).max(100).optional().describe('Owner of the repository.'),
    repo: z.string().min(1).max(100).optional().describe('Name of the repository.'),
    organization: z.string().min(1).max(100).optional().describe('Instead of a repository: the organisation, for all of its repositories.'),
    events: z
      .array(z.string().regex(/^(?:\*|[a-z_0-9]{1,64})$/, 'must be the name of an event'))
      .min(1)
      .max(100)
      .optional()
      .describe('Which events are sent; the common ones when left out.'),
  })
  .refine(({ owner, repo, organization }) => (organization === undefined) === (owner !== undefined && repo !== undefined), {
    error: 'needs owner and repo, or organization instead',
    path: ['repo'],
  })

type Input = z.output<typeof input>

/** Hooks of a repository or an organisation. */
export const setup = defineWebhookSetup({
  input,
  example: { owner: 'octocat', repo: 'hello-world' },
  async run({ input: asked, http, config }, target) {
    const { organization } = asked
    const { owner = '', repo = '' } = asked
    const hooks = organization === undefined ? path`/repos/${owner}/${repo}/hooks` : path`/orgs/${organization}/hooks`
    const wanted = {
      active: true,
      events: asked.events ?? commonEvents(organization === undefined),
      config: { url: target.url, content_type: 'json', secret: target.secret, insecure_ssl: '0' },
    }
    const update = (id: number) => http.patch<Hook>(`${hooks}/${id}`, wanted)
    const { hook, created } = await explained(asked, async () => {
      const existing = await find(http, hooks, target)
      if (existing) return { hook: await update(existing.id), created: false }
      try {
        return { hook: await http.post<Hook>(hooks, { name: 'web', ...wanted }), created: true }
      } catch (error) {
        // GitHub has at most one hook with this URL, and somebody else may have created it since.
        const other = error instanceof HubError && error.code === 'vendor_rejected' ? await find(http, hooks, target) : undefined
        if (!other) throw error
        return { hook: await update(other.id), created: false }
      }
    })
    const place = organization === undefined ? `${encodeURIComponent(owner)}/${encodeURIComponent(repo)}` : `organizations/${organization}`
    return { hook_id: String(hook.id), created, events: hook.events, settings_url: `${webOf(config)}/${place}/settings/hooks/${hook.id}` }
  },
})

function commonEvents(isRepository: boolean): string[] {
  const left = isRepository ? [...neverChosen, ...onlyOfOrganizations] : neverChosen
  return Object.keys(known).filter((name) => !left.includes(name))
}

// A repository has at most 20 hooks for each event.
const maxPages = 10

async function find(http: Http, hooks: string, { url }: WebhookTarget): Promise<Hook | undefined> {
  for await (const page of pagesByLink<Hook[]>(http, hooks, { maxPages, options: { query: { per_page: 100 } } })) {
    const found = page.find(({ config }) => config.url === url)
    if (found) return found
  }
  return undefined
}

/** GitHub answers 404, and not 403, where a token may not see the hooks of a repository. */
async function explained<T>({ organization, owner, repo }: Input, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HubError) || (error.code !== 'vendor_forbidden' && error.code !== 'vendor_not_found')) throw error
    const [place, scope, permission] =
      organization === undefined
        ? [`the repository ${owner}/${repo}`, 'admin:repo_hook', 'Webhooks']
        : [`the organisation ${organization}`, 'admin:org_hook', 'organisation permission Webhooks']
    throw error.with({
      detail: `GitHub does not let this token manage the webhooks of ${place}, or it does not exist`,
      hint: `give a classic token the scope ${scope}, a fine-grained token or a GitHub App the ${permission} (read and write); its owner needs to be an administrator there`,
    })
  }
}
