import type { Credentials } from '#credentials'
import { shortestWebhookSecret, type Integrations, type IntegrationRow } from '#integrations'
import type { Connector, HookContext, WebhookDeclaration, WebhookScheme } from '#kit'
import { coalesce } from '#lib/coalesce'
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
  /** The same, past every cache, for one more try before a delivery is refused. */
  findFresh(ref: string): Promise<Hook | undefined>
  /** The integrations, credentials and environment variables with a secret that is shorter than new ones may be. */
  withShortSecrets(): Promise<string[]>
}

export interface HooksDeps {
  readonly integrations: Integrations
  readonly credentials: Credentials
  readonly workspaceIds: () => Promise<readonly string[]>
}

type SecretsIn = (credential: {
  readonly workspaceId: string
  readonly name: string
  /** All fields when left out. */
  readonly fields?: readonly string[]
  readonly fresh: boolean
}) => Promise<string[]>

/** Enough for every sender that does not declare more. */
const defaultLargestBody = 5 * 1024 * 1024

/**
 * Cached, because every delivery needs it. A change by this process takes effect at once. One by another process does within a second: this
 * time, and that for which the values of credentials are cached.
 */
const cacheTtlMs = 500

export function createHooks({ integrations, credentials, workspaceIds }: HooksDeps): Hooks {
  const secretsIn: SecretsIn = async ({ workspaceId, name, fields, fresh }) => {
    const values = (await credentials.read(workspaceId, name, { fresh })) ?? {}
    return Object.entries(values)
      .filter(([field]) => fields === undefined || fields.includes(field))
      .map(([, value]) => value)
      .filter((value): value is string => typeof value === 'string' && value !== '')
  }

  const ownSecrets = async (row: IntegrationRow, { secretFields }: WebhookDeclaration, fresh: boolean): Promise<string[]> => {
    const { workspaceId, credential, webhookCredential } = row
    const names = [
      ...(webhookCredential === null ? [] : [secretsIn({ workspaceId, name: webhookCredential, fresh })]),
      ...(secretFields === undefined || credential === null
        ? []
        : [secretsIn({ workspaceId, name: credential, fields: secretFields, fresh })]),
    ]
    return (await Promise.all(names)).flat()
  }

  const wellKnownSecrets = async (workspaceId: string, connector: Connector, fresh: boolean): Promise<string[]> => {
    const names = connector.webhook?.secretCredentials ?? []
    const stored = await Promise.all(names.map((name) => secretsIn({ workspaceId, name, fresh })))
    return [...stored.flat(), integrations.webhookSecret(workspaceId, connector) ?? []].flat()
  }

  const signersOf = (connector: Connector, owner: Omit<Candidate, 'secret'>, secrets: readonly string[]): Signers => {
    const { context } = owner
    const declaration = connector.webhook!
    const schemes = typeof declaration.schemes === 'function' ? declaration.schemes(context.config) : declaration.schemes
    return { connector, declaration, schemes, candidates: secrets.map((secret) => ({ ...owner, secret })) }
  }

  const load = async (ref: string, fresh: boolean): Promise<Hook | undefined> => {
    const rows = await integrations.forHook(ref)
    const named = integrations.findConnector(ref)
    const connector = named?.webhook ? named : undefined
    const signers: Signers[] = []
    for (const row of rows) {
      const known = integrations.connectors.find(({ name }) => name === row.connector)
      if (!known?.webhook) continue
      const own = await ownSecrets(row, known.webhook, fresh)
      const secrets = own.length > 0 ? own : await wellKnownSecrets(row.workspaceId, known, fresh)
      const context = { name: row.name, config: row.config }
      const owner = { workspaceId: row.workspaceId, integration: { id: row.id, name: row.name }, context }
      signers.push(signersOf(known, owner, secrets))
    }
    // A credential with a well-known name is enough, even if there is no integration yet.
    for (const workspaceId of connector ? await workspaceIds() : []) {
      if (rows.some((row) => row.workspaceId === workspaceId && row.connector === connector!.name)) continue
      const secrets = await wellKnownSecrets(workspaceId, connector!, fresh)
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

  const areShort = (secrets: readonly string[]): boolean => secrets.some(({ length }) => length < shortestWebhookSecret)

  const shortIn = async (workspaceId: string): Promise<string[]> => {
    const found = new Set<string>()
    for (const row of await integrations.list(workspaceId)) {
      const { webhook } = integrations.connectors.find(({ name }) => name === row.connector) ?? {}
      if (webhook && areShort(await ownSecrets(row, webhook, true))) found.add(`integration ${row.name}`)
    }
    for (const name of integrations.connectors.flatMap(({ webhook }) => webhook?.secretCredentials ?? []))
      if (areShort(await secretsIn({ workspaceId, name, fresh: true }))) found.add(`credential ${name}`)
    for (const connector of integrations.connectors) {
      const secret = integrations.webhookSecret(workspaceId, connector)
      if (secret !== undefined && areShort([secret])) found.add(`variable ${connector.webhook!.secretVariable}`)
    }
    return [...found].map((name) => `${name} (workspace ${workspaceId})`)
  }

  const version = (): string => `${credentials.changes()} ${integrations.changes()}`
  const hooks = ttlCache(cacheTtlMs, (ref: string) => load(ref, false), { version })
  return {
    async find(ref) {
      const hook = await hooks.get(ref)
      // What does not exist is not cached, so that a hook which another process creates is found at once.
      if (!hook) hooks.forget(ref)
      return hook
    },
    findFresh: coalesce((ref: string) => load(ref, true)),
    withShortSecrets: async () => (await Promise.all((await workspaceIds()).map(shortIn))).flat(),
  }
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
