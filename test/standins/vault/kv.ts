/** Vault's KV version 2 engine: versions, check-and-set, soft deletion, metadata. */
export interface KvAnswer {
  readonly status: number
  readonly data?: unknown
  readonly errors?: readonly string[]
}

interface Version {
  data: Record<string, unknown> | null
  created_time: string
  deletion_time: string
  destroyed: boolean
}

interface Secret {
  readonly created_time: string
  updated_time: string
  current_version: number
  max_versions: number
  cas_required: boolean
  custom_metadata: Record<string, string> | null
  readonly versions: Map<number, Version>
}

export interface KvRequest {
  readonly method: string
  /** What stands behind `data/`, `metadata/`, `delete/`, `undelete/` or `destroy/`. */
  readonly area: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
}

const none: KvAnswer = { status: 404, errors: [] }
const done: KvAnswer = { status: 204 }
const unsupported: KvAnswer = { status: 405, errors: ['1 error occurred:\n\t* unsupported operation\n\n'] }
const keptVersions = 10

export function createKv(): { handle(request: KvRequest): KvAnswer; readonly secrets: ReadonlyMap<string, Secret> } {
  const secrets = new Map<string, Secret>()

  const ensure = (path: string): Secret => {
    const now = new Date().toISOString()
    const made: Secret = {
      created_time: now,
      updated_time: now,
      current_version: 0,
      max_versions: 0,
      cas_required: false,
      custom_metadata: null,
      versions: new Map(),
    }
    const secret = secrets.get(path) ?? made
    secrets.set(path, secret)
    return secret
  }

  const describe = (secret: Secret, number: number) => {
    const { created_time, deletion_time, destroyed } = secret.versions.get(number)!
    return { created_time, custom_metadata: secret.custom_metadata, deletion_time, destroyed, version: number }
  }

  const read = (path: string, query: URLSearchParams): KvAnswer => {
    const secret = secrets.get(path)
    const number = Number(query.get('version') ?? 0) || secret?.current_version || 0
    const version = secret?.versions.get(number)
    if (!secret || !version) return none
    const gone = version.destroyed || version.deletion_time !== ''
    return { status: gone ? 404 : 200, data: { data: gone ? null : version.data, metadata: describe(secret, number) } }
  }

  const write = (path: string, body: Record<string, unknown>): KvAnswer => {
    const { data, options } = body as { data?: Record<string, unknown>; options?: { cas?: number } }
    if (data === undefined || data === null) return { status: 400, errors: ['no data provided'] }
    const current = secrets.get(path)?.current_version ?? 0
    if (options?.cas === undefined && secrets.get(path)?.cas_required) {
      return { status: 400, errors: ['check-and-set parameter required for this call'] }
    }
    if (options?.cas !== undefined && options.cas !== current) {
      return { status: 400, errors: ['check-and-set parameter did not match the current version'] }
    }
    const secret = ensure(path)
    const now = new Date().toISOString()
    secret.current_version = current + 1
    secret.updated_time = now
    secret.versions.set(secret.current_version, { data: structuredClone(data), created_time: now, deletion_time: '', destroyed: false })
    const kept = secret.max_versions || keptVersions
    for (const number of secret.versions.keys()) if (number <= secret.current_version - kept) secret.versions.delete(number)
    return { status: 200, data: describe(secret, secret.current_version) }
  }

  const list = (folder: string): KvAnswer => {
    const under = folder.replace(/\/?$/, folder === '' ? '' : '/')
    const keys = new Set<string>()
    for (const path of secrets.keys()) {
      if (!path.startsWith(under)) continue
      const [first = '', ...more] = path.slice(under.length).split('/')
      keys.add(more.length > 0 ? `${first}/` : first)
    }
    return keys.size === 0 ? none : { status: 200, data: { keys: [...keys].toSorted() } }
  }

  const readMetadata = (path: string): KvAnswer => {
    const secret = secrets.get(path)
    if (!secret) return none
    const versions = Object.fromEntries(
      [...secret.versions].map(([number, { created_time, deletion_time, destroyed }]) => [
        number,
        { created_time, deletion_time, destroyed },
      ]),
    )
    const oldest_version = secret.versions.size === secret.current_version ? 0 : Math.min(...secret.versions.keys())
    return { status: 200, data: { ...secret, delete_version_after: '0s', oldest_version, versions } }
  }

  const writeMetadata = (path: string, body: Record<string, unknown>): KvAnswer => {
    const secret = ensure(path)
    const { custom_metadata, max_versions, cas_required } = body as Partial<Secret>
    if (custom_metadata !== undefined) secret.custom_metadata = custom_metadata
    if (max_versions !== undefined) secret.max_versions = max_versions
    if (cas_required !== undefined) secret.cas_required = cas_required
    return done
  }

  /** `versions`, or the latest when none are named. */
  const each = (path: string, body: Record<string, unknown>, change: (version: Version) => void): KvAnswer => {
    const secret = secrets.get(path)
    const named = (body['versions'] as (number | string)[] | undefined) ?? [secret?.current_version ?? 0]
    for (const number of named) {
      const version = secret?.versions.get(Number(number))
      if (version) change(version)
    }
    return done
  }

  const remove = (version: Version): void => {
    if (version.deletion_time === '') version.deletion_time = new Date().toISOString()
  }

  return {
    secrets,
    handle({ method, area, path, query, body }) {
      const writing = method === 'POST' || method === 'PUT'
      if (area === 'data' && method === 'GET') return read(path, query)
      if (area === 'data' && writing) return write(path, body)
      if (area === 'data' && method === 'DELETE') return each(path, {}, remove)
      if (area === 'metadata' && (method === 'LIST' || (method === 'GET' && query.get('list') === 'true'))) return list(path)
      if (area === 'metadata' && method === 'GET') return path.endsWith('/') ? list(path) : readMetadata(path)
      if (area === 'metadata' && writing) return writeMetadata(path, body)
      if (area === 'metadata' && method === 'DELETE') return (secrets.delete(path), done)
      if (area === 'delete' && writing) return each(path, body, remove)
      if (area === 'undelete' && writing) return each(path, body, (version) => (version.deletion_time = ''))
      if (area === 'destroy' && writing) return each(path, body, (version) => Object.assign(version, { destroyed: true, data: null }))
      return unsupported
    },
  }
}
