import { fail } from '#kit'
import type { CredentialBackend, CredentialData, CredentialInfo, WorkspaceRef } from './backend.ts'
import type { VaultClient } from './vault-client.ts'

export interface VaultPlace {
  /** KV version 2 mount. */
  readonly mount: string
  readonly prefix: string
}

interface Metadata {
  created_time: string
  updated_time: string
  current_version: number
  custom_metadata: Record<string, string> | null
}

/** Credentials in Vault's KV version 2, at `{mount}/{prefix}/{workspace}/{name}`: where an operator can put them by hand as well. */
export function createVaultBackend(client: VaultClient, { mount, prefix }: VaultPlace): CredentialBackend {
  const path = (area: 'data' | 'metadata', { name: workspace }: WorkspaceRef, name = ''): string =>
    `${mount}/${area}/${[prefix, workspace, name].filter(Boolean).map(encodePath).join('/')}`

  const info = async (workspace: WorkspaceRef, name: string): Promise<CredentialInfo | undefined> => {
    const { status, body } = await client.call('GET', path('metadata', workspace, name))
    if (status !== 200) return undefined
    const meta = body['data'] as Metadata
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
    async put(_trx, workspace, name, data, { kind, createOnly }) {
      const options = createOnly ? { cas: 0 } : {}
      const written = await client.call('POST', path('data', workspace, name), { data, options })
      if (written.status === 400 && createOnly) {
        throw fail('already_exists', { detail: `there is a credential "${name}" already`, hint: 'PUT replaces it' })
      }
      if (written.status !== 200) throw fail('vault_failed', { detail: `Vault answered ${written.status} to a write` })
      if (kind !== null) await client.call('POST', path('metadata', workspace, name), { custom_metadata: { kind } })
      const now = new Date()
      return (await info(workspace, name)) ?? { name, kind, version: 1, createdAt: now, updatedAt: now }
    },

    async read(workspace, name) {
      const { status, body } = await client.call('GET', path('data', workspace, name))
      if (status !== 200) return undefined
      // A deleted version answers with data null.
      return ((body['data'] as { data?: CredentialData | null } | undefined)?.data as CredentialData | null) ?? undefined
    },

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
      await client.call('DELETE', path('metadata', workspace, name))
      return true
    },

    changed: () => undefined,

    async check() {
      await client.call('GET', 'auth/token/lookup-self')
    },

    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

function encodePath(part: string): string {
  return part.split('/').map(encodeURIComponent).join('/')
}
