import type { Credentials } from '#credentials'
import type { Integrations, IntegrationRow } from '#integrations'
import type { Connector, HookContext, WebhookDeclaration, WebhookScheme } from '#kit'
import { ttlCache } from '#lib/ttl-cache'

/** The workspace and integration that a delivery belongs to if this secret verifies it. */
export interface Candidate {
  readonly workspaceId: string
  readonly integration: { readonly id: string; readonly name: string } | undefined
  readonly context: HookContext
  readonly secret: string
}

/** Candidates with the same signature schemes. */
export interface Signers {
  readonly connector: Connector
  readonly declaration: WebhookDeclaration
  readonly schemes: readonly WebhookScheme[]
  readonly candidates: readonly Candidate[]
}

/** What a hook's name refers to. */
export interface Hook {
  /** The workspace that it belongs to. Undefined for a connector's hook, which serves all workspaces. */
  readonly workspaceId: string | undefined
  readonly connector: string | undefined
  readonly signers: readonly Signers[]
  /** The largest body in bytes that one of its senders needs. */
  readonly largestBody: number
}

export interface Hooks {
  /** Finds a hook by an integration's id or name, or by a connector's name. Returns undefined if none receives webhooks. */
  find(ref: string): Promise<Hook | undefined>
}

export interface HooksDeps {
  readonly integrations: Integrations
  readonly credentials: Credentials
  readonly workspaceIds: () => Promise<readonly string[]>
}

/** Enough for every sender that does not declare more. */
const defaultLargestBody = 5 * 1024 * 1024

/** Cached, because every delivery needs it. A changed secret takes effect after this time. */
const cacheTtlMs = 1000

export function createHooks({ integrations, credentials, workspaceIds }: HooksDeps): Hooks {
  const secretsIn = async (workspaceId: string, name: string, fields?: readonly string[]): Promise<string[]> => {
    const values = (await credentials.read(workspaceId, name)) ?? {}
    return Object.entries(values)
      .filter(([field]) => fields === undefined || fields.includes(field))
      .map(([, value]) => value)
      .filter((value): value is string => typeof value === 'string' && value !== '')
  }

  const ownSecrets = async (row: IntegrationRow, { secretFields }: WebhookDeclaration): Promise<string[]> => {
    const names = [
      ...(row.webhookCredential === null ? [] : [secretsIn(row.workspaceId, row.webhookCredential)]),
      ...(secretFields === undefined || row.credential === null ? [] : [secretsIn(row.workspaceId, row.credential, secretFields)]),
    ]
    return (await Promise.all(names)).flat()
  }

  const wellKnownSecrets = async (workspaceId: string, { secretCredentials }: WebhookDeclaration): Promise<string[]> =>
    (await Promise.all(secretCredentials.map((name) => secretsIn(workspaceId, name)))).flat()

  const signersOf = (connector: Connector, owner: Omit<Candidate, 'secret'>, secrets: readonly string[]): Signers => {
    const { context } = owner
    const declaration = connector.webhook!
    const schemes = typeof declaration.schemes === 'function' ? declaration.schemes(context.config) : declaration.schemes
    return { connector, declaration, schemes, candidates: secrets.map((secret) => ({ ...owner, secret })) }
  }

  const load = async (ref: string): Promise<Hook | undefined> => {
    const rows = await integrations.forHook(ref)
    const named = integrations.connectors.find(({ name, aliases }) => name === ref || aliases.includes(ref))
    const connector = named?.webhook ? named : undefined
    const signers: Signers[] = []
    for (const row of rows) {
      const known = integrations.connectors.find(({ name }) => name === row.connector)
      if (!known?.webhook) continue
      const own = await ownSecrets(row, known.webhook)
      const secrets = own.length > 0 ? own : await wellKnownSecrets(row.workspaceId, known.webhook)
      const context = { name: row.name, config: row.config }
      const owner = { workspaceId: row.workspaceId, integration: { id: row.id, name: row.name }, context }
      signers.push(signersOf(known, owner, secrets))
    }
    // A credential with a well-known name is enough, even if there is no integration yet.
    for (const workspaceId of connector ? await workspaceIds() : []) {
      if (rows.some((row) => row.workspaceId === workspaceId && row.connector === connector!.name)) continue
      const secrets = await wellKnownSecrets(workspaceId, connector!.webhook!)
      const context = { name: connector!.name, config: {} }
      signers.push(signersOf(connector!, { workspaceId, integration: undefined, context }, secrets))
    }
    if (signers.length === 0 && !connector) return undefined
    const owners = new Set(signers.map(({ candidates }) => candidates[0]?.workspaceId))
    const largest = signers.flatMap(({ declaration, candidates }) =>
      candidates.map(({ context }) => declaration.largestBody?.(context.config) ?? 0),
    )
    return {
      largestBody: Math.max(defaultLargestBody, ...largest),
      workspaceId: connector || owners.size !== 1 ? undefined : [...owners][0],
      connector: connector?.name ?? signers[0]?.connector.name,
      signers: merged(signers),
    }
  }

  const hooks = ttlCache(cacheTtlMs, load)
  return { find: (ref) => hooks.get(ref) }
}

/** Combines the signers of a connector that have the same schemes. */
function merged(signers: readonly Signers[]): Signers[] {
  const groups = new Map<unknown, Signers>()
  for (const one of signers) {
    const key = typeof one.declaration.schemes === 'function' ? one : one.declaration
    const had = groups.get(key)
    groups.set(key, had ? { ...had, candidates: [...had.candidates, ...one.candidates] } : one)
  }
  return [...groups.values()]
}
