import { randomBytes, randomUUID } from 'node:crypto'

/** Tokens with their lease, and the one AppRole that logs in for them. */
export interface VaultToken {
  readonly id: string
  readonly accessor: string
  readonly policies: readonly string[]
  readonly metadata: Record<string, string> | null
  readonly path: string
  readonly issued: number
  readonly ttlSeconds: number
  /** After so many seconds no renewal helps; 0 is for ever. */
  readonly maxSeconds: number
  readonly renewable: boolean
  expires: number
}

export interface Lease {
  readonly ttlSeconds: number
  readonly maxSeconds?: number
  readonly renewable?: boolean
}

export interface Tokens {
  readonly root: string
  mint(lease: Lease, token: Pick<VaultToken, 'path' | 'metadata'> & { readonly id?: string | undefined }): VaultToken
  /** Undefined for one that is unknown, revoked or past its lease. */
  find(id: string | undefined): VaultToken | undefined
  renew(token: VaultToken): boolean
  revoke(id: string): void
  revokeAll(): void
  readonly alive: () => VaultToken[]
}

export function createTokens(): Tokens {
  const tokens = new Map<string, VaultToken>()

  const keep = (token: VaultToken): VaultToken => {
    tokens.set(token.id, token)
    return token
  }
  const isAlive = ({ ttlSeconds, expires }: VaultToken): boolean => ttlSeconds === 0 || Date.now() < expires

  const root = keep({
    id: `hvs.${randomBytes(18).toString('base64url')}`,
    accessor: randomBytes(12).toString('hex'),
    policies: ['root'],
    metadata: null,
    path: 'auth/token/root',
    issued: Date.now(),
    ttlSeconds: 0,
    maxSeconds: 0,
    renewable: false,
    expires: 0,
  })

  return {
    root: root.id,
    mint: ({ ttlSeconds, maxSeconds = 0, renewable = true }, { path, metadata, id = `hvs.${randomBytes(48).toString('base64url')}` }) =>
      keep({
        id,
        accessor: randomUUID().replaceAll('-', '').slice(0, 24),
        policies: ['default', 'integration-hub'],
        metadata,
        path,
        issued: Date.now(),
        ttlSeconds,
        maxSeconds,
        renewable,
        expires: Date.now() + ttlSeconds * 1000,
      }),
    find(id) {
      const token = id === undefined ? undefined : tokens.get(id)
      return token && isAlive(token) ? token : undefined
    },
    renew(token) {
      if (!token.renewable || token.ttlSeconds === 0) return false
      const last = token.maxSeconds === 0 ? Number.POSITIVE_INFINITY : token.issued + token.maxSeconds * 1000
      token.expires = Math.min(Date.now() + token.ttlSeconds * 1000, last)
      return true
    },
    revoke: (id) => void tokens.delete(id),
    revokeAll() {
      for (const id of tokens.keys()) if (id !== root.id) tokens.delete(id)
    },
    alive: () => [...tokens.values()].filter((token) => token !== root && isAlive(token)),
  }
}

function secondsLeft({ ttlSeconds, expires }: VaultToken): number {
  return ttlSeconds === 0 ? 0 : Math.max(0, Math.ceil((expires - Date.now()) / 1000))
}

/** A login or renewal, as Vault describes it. */
export function authOf(token: VaultToken) {
  return {
    client_token: token.id,
    accessor: token.accessor,
    policies: token.policies,
    token_policies: token.policies,
    metadata: token.metadata,
    lease_duration: secondsLeft(token),
    renewable: token.renewable,
    entity_id: '',
    token_type: 'service',
    orphan: true,
    mfa_requirement: null,
    num_uses: 0,
  }
}

/** What `lookup-self` tells. */
export function lookUp(token: VaultToken) {
  return {
    accessor: token.accessor,
    creation_time: Math.floor(token.issued / 1000),
    creation_ttl: token.ttlSeconds,
    display_name: token.path.split('/')[1],
    entity_id: '',
    expire_time: token.ttlSeconds === 0 ? null : new Date(token.expires).toISOString(),
    explicit_max_ttl: token.maxSeconds,
    id: token.id,
    issue_time: new Date(token.issued).toISOString(),
    meta: token.metadata,
    num_uses: 0,
    orphan: true,
    path: token.path,
    policies: token.policies,
    renewable: token.renewable,
    ttl: secondsLeft(token),
    type: 'service',
  }
}
