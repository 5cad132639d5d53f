import { hubError, pagesByLink, type WebhookRecovery } from '#kit'

interface Attempt {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly status_code: number
}

// Ten thousand attempts: what is older than these is not looked for.
const maxPages = 100

/**
 * GitHub sends once and never again by itself, but keeps what it sent for three days. Hooks of repositories and of organisations; those of a
 * GitHub App are listed to its own key only, not to what an installation signs in with.
 */
export const recovery: WebhookRecovery = {
  hookOf(headers, data) {
    const { 'x-github-hook-id': id, 'x-github-hook-installation-target-type': kind } = headers
    if (typeof id !== 'string') return undefined
    const { repository, organization } = (data ?? {}) as { repository?: { full_name?: unknown }; organization?: { login?: unknown } }
    const name = kind === 'repository' ? repository?.full_name : kind === 'organization' ? organization?.login : undefined
    if (typeof name !== 'string') return undefined
    const hook = `/${kind === 'repository' ? 'repos' : 'orgs'}/${name}/hooks/${id}`
    return isHook(hook) ? hook : undefined
  },

  async sent({ input: { hook, since }, http }) {
    const known = new Map<string, { deliveryId: string; handle: string; at: Date; delivered: boolean }>()
    const pages = pagesByLink<Attempt[]>(http, `${checked(hook)}/deliveries`, { maxPages, options: { query: { per_page: 100 } } })
    for await (const attempts of pages) {
      for (const { id, guid, delivered_at, status_code: status } of attempts) {
        const at = new Date(delivered_at)
        // Newest first: behind this one all are older.
        if (at < since) return [...known.values()].toReversed()
        if (!Number.isSafeInteger(id)) throw hubError('vendor_invalid_response', { detail: 'the number of a delivery is no whole number' })
        const delivered = status >= 200 && status < 300
        const later = known.get(guid)
        // Attempts of one delivery share its guid: it began with the earliest, and one that came through is enough.
        known.delete(guid)
        known.set(guid, { deliveryId: guid, handle: later?.handle ?? String(id), at, delivered: delivered || (later?.delivered ?? false) })
      }
    }
    return [...known.values()].toReversed()
  },

  async redeliver({ input: { hook, handle }, http }) {
    if (!/^\d{1,20}$/.test(handle)) throw hubError('invalid_input', { detail: 'this is no number of a delivery' })
    await http.post(`${checked(hook)}/deliveries/${handle}/attempts`)
  },
}

/** Half of it comes from headers that are not signed, and all of it becomes an address. */
function isHook(text: string): boolean {
  return /^\/(?:repos\/[\w.-]{1,100}\/[\w.-]{1,100}|orgs\/[\w.-]{1,100})\/hooks\/\d{1,20}$/.test(text) && !/\/\.{1,2}\//.test(text)
}

function checked(hook: string): string {
  if (!isHook(hook)) throw hubError('invalid_input', { detail: 'this is no hook of a repository or an organisation' })
  return hook
}
