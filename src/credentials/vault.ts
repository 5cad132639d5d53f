import { hubError, type HubError } from '#errors'
import type { CredentialBackend, CredentialData, CredentialInfo, WorkspaceRef } from './backend.ts'
import type { VaultClient } from './vault-client.ts'

export interface VaultPlace {
  /** The mount of the KV version 2 engine. */
  readonly mount: string
  readonly prefix: string
}

interface Metadata {
  readonly created_time: string
  readonly updated_time: string
  readonly current_version: number
  readonly custom_metadata: Record<string, string> | null
  readonly versions: Record<string, { deletion_time: string; destroyed: boolean }>
}

interface Written {
  readonly version: number
  readonly created_time: string
}

/** How often a write is retried after a concurrent write. */
const writeTries = 5

/** Stores credentials in Vault's KV version 2 at `{mount}/{prefix}/{workspace}/{name}`, where an operator can also write them directly. */
export function createVaultBackend(client: VaultClient, { mount, prefix }: VaultPlace): CredentialBackend {
  const path = (area: 'data' | 'metadata', { name: workspace }: WorkspaceRef, name = ''): string =>
    `${mount}/${area}/${[prefix, workspace, name].filter(Boolean).map(encodePath).join('/')}`

  const metadata = async (workspace: WorkspaceRef, name: string): Promise<Metadata | undefined> => {
    const { status, body } = await client.call('GET', path('metadata', workspace, name))
    return status === 200 ? (body['data'] as Metadata) : undefined
  }

  const info = async (workspace: WorkspaceRef, name: string): Promise<CredentialInfo | undefined> => {
    const meta = await metadata(workspace, name)
    if (!meta || !isLive(meta)) return undefined
    return {
      name,
      kind: meta.custom_metadata?.['kind'] ?? null,
      version: meta.current_version,
      createdAt: new Date(meta.created_time),
      updatedAt: new Date(meta.updated_time),
    }
  }

  return {
    kind: 'vault',
    async put(_trx, workspace, { name, data, kind, createOnly }) {
      for (let attempt = 1; attempt <= writeTries; attempt++) {
        const before = await metadata(workspace, name)
        if (createOnly && before && isLive(before)) throw taken(name)
        // The metadata is written first, so that a failure leaves the old secret. Metadata that an operator added is kept.
        if (kind !== null && before?.custom_metadata?.['kind'] !== kind) {
          const noted = await client.call('POST', path('metadata', workspace, name), {
            custom_metadata: { ...before?.custom_metadata, kind },
          })
          if (noted.status >= 400) throw unexpected(noted.status)
        }
        // The last write wins, unless Vault requires the version that is replaced.
        const options = createOnly || attempt > 1 ? { cas: before?.current_version ?? 0 } : {}
        const written = await client.call('POST', path('data', workspace, name), { data, options })
        if (written.status === 200) return (await info(workspace, name)) ?? infoOf(name, kind, written.body['data'] as Written)
        if (!/check-and-set/.test(JSON.stringify(written.body))) throw unexpected(written.status)
      }
      throw hubError('in_use', { detail: `others are writing credential "${name}" at the same time`, hint: 'try again' })
    },

    async read(workspace, name) {
      const { status, body } = await client.call('GET', path('data', workspace, name))
      if (status !== 200) return undefined
      // The data of a deleted version is null.
      return ((body['data'] as { data?: CredentialData | null } | undefined)?.data as CredentialData | null) ?? undefined
    },

    async readVersion(workspace, name) {
      const { status, body } = await client.call('GET', path('data', workspace, name))
      const found = body['data'] as { data?: CredentialData | null; metadata?: { version: number } } | undefined
      if (status !== 200 || !found?.data || !found.metadata) return undefined
      return { data: found.data, version: found.metadata.version }
    },

    async swap(workspace, name, { data, version }) {
      const written = await client.call('POST', path('data', workspace, name), { data, options: { cas: version } })
      if (written.status === 200) return true
      if (/check-and-set/.test(JSON.stringify(written.body))) return false
      throw unexpected(written.status)
    },

    info,

    async list(workspace) {
      const { status, body } = await client.call('GET', `${path('metadata', workspace)}?list=true`)
      if (status !== 200) return []
      const keys = (body['data'] as { keys?: string[] } | undefined)?.keys ?? []
      const names = keys.filter((key) => !key.endsWith('/')).toSorted()
      const infos: CredentialInfo[] = []
      for (let start = 0; start < names.length; start += 8) {
        const some = await Promise.all(names.slice(start, start + 8).map((name) => info(workspace, name)))
        infos.push(...some.filter((found) => found !== undefined))
      }
      return infos
    },

    async remove(_trx, workspace, name) {
      if (!(await info(workspace, name))) return false
      const { status } = await client.call('DELETE', path('metadata', workspace, name))
      if (status >= 400) throw unexpected(status)
      return true
    },

    changed: () => undefined,

    async check() {
      await client.call('GET', 'auth/token/lookup-self')
    },

    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

/** Vault keeps deleted versions, and a version may have a time at which Vault deletes it. */
function isLive({ current_version: current, versions }: Metadata): boolean {
  const version = versions[current]
  if (!version || version.destroyed) return false
  return version.deletion_time === '' || Date.parse(version.deletion_time) > Date.now()
}

/** The information about a credential that has been deleted since. */
function infoOf(name: string, kind: string | null, { version, created_time: time }: Written): CredentialInfo {
  return { name, kind, version, createdAt: new Date(time), updatedAt: new Date(time) }
}

function taken(name: string): HubError {
  return hubError('already_exists', { detail: `a credential "${name}" already exists`, hint: 'PUT replaces it' })
}

function unexpected(status: number): HubError {
  return hubError('vault_failed', { detail: `Vault answered ${status} to a write` })
}

function encodePath(part: string): string {
  return part.split('/').map(encodeURIComponent).join('/')
}
