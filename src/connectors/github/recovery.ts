import { hubError, pagesByLink, type CredentialValues, type RequestOptions, type WebhookRecovery } from '#kit'
import { asApp } from './auth.ts'

interface Attempt {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly status_code: number
}

// 100 pages with 100 attempts each. Older attempts are ignored.
const maxPages = 100

/** The one hook of a GitHub App. Its deliveries are listed to the key of the app, and not to the token of an installation. */
const appHook = '/app/hook'

/** GitHub sends a delivery only once, but keeps it for three days. */
export const recovery: WebhookRecovery = {
  hookOf(headers, data) {
    const { 'x-github-hook-id': id, 'x-github-hook-installation-target-type': kind } = headers
    if (typeof id !== 'string') return undefined
    if (kind === 'integration') return appHook
    const { repository, organization } = (data ?? {}) as { repository?: { full_name?: unknown }; organization?: { login?: unknown } }
    const name = kind === 'repository' ? repository?.full_name : kind === 'organization' ? organization?.login : undefined
    if (typeof name !== 'string') return undefined
    const hook = `/${kind === 'repository' ? 'repos' : 'orgs'}/${name}/hooks/${id}`
    return isHook(hook) ? hook : undefined
  },

  async sent({ input: { hook, since }, http, credential }) {
    const options = await optionsFor(hook, credential)
    // The hook belongs to an app, but the integration has another credential.
    if (!options) return []
    const known = new Map<string, { deliveryId: string; handle: string; at: Date; delivered: boolean }>()
    const pages = pagesByLink<Attempt[]>(http, `${checked(hook)}/deliveries`, {
      maxPages,
      options: { ...options, query: { per_page: 100 } },
    })
    for await (const attempts of pages) {
      for (const { id, guid, delivered_at, status_code: status } of attempts) {
        const at = new Date(delivered_at)
        // The list starts with the newest delivery, so all following ones are older.
        if (at < since) return [...known.values()].toReversed()
        if (!Number.isSafeInteger(id)) throw hubError('vendor_invalid_response', { detail: 'the id of a delivery is not an integer' })
        const delivered = status >= 200 && status < 300
        const later = known.get(guid)
        // The attempts of a delivery have the same guid. The earliest one gives its time, and one success means that it was delivered.
        known.delete(guid)
        known.set(guid, { deliveryId: guid, handle: later?.handle ?? String(id), at, delivered: delivered || (later?.delivered ?? false) })
      }
    }
    return [...known.values()].toReversed()
  },

  async redeliver({ input: { hook, handle }, http, credential }) {
    if (!/^\d{1,20}$/.test(handle)) throw hubError('invalid_input', { detail: 'the handle is not the id of a delivery' })
    await http.post(`${checked(hook)}/deliveries/${handle}/attempts`, undefined, await optionsFor(hook, credential))
  },
}

async function optionsFor(hook: string, credential: CredentialValues): Promise<RequestOptions | undefined> {
  return hook === appHook ? asApp(credential) : {}
}

/** Checks the hook, because a part of it comes from unsigned headers and it becomes a part of a URL. */
function isHook(text: string): boolean {
  return /^\/(?:repos\/[\w.-]{1,100}\/[\w.-]{1,100}|orgs\/[\w.-]{1,100})\/hooks\/\d{1,20}$/.test(text) && !/\/\.{1,2}\//.test(text)
}

function checked(hook: string): string {
  if (hook !== appHook && !isHook(hook))
    throw hubError('invalid_input', { detail: 'the hook is not a hook of a repository, an organisation or an app' })
  return hook
}
