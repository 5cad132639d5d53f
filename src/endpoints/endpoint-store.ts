import type { Sql, Transaction } from '#db'

export type DisabledReason = 'user' | 'gone' | 'failing'

/** An endpoint with its subscription. */
export interface EndpointRow {
  readonly id: string
  readonly workspaceId: string
  readonly url: string
  readonly description: string | null
  readonly transform: string | null
  readonly credential: string
  readonly signature: string
  readonly publicKey: string | null
  readonly enabled: boolean
  readonly disabledReason: string | null
  readonly disabledAt: Date | null
  readonly failingSince: Date | null
  readonly consecutiveFailures: number
  readonly pausedUntil: Date | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly subscriptionId: string
  readonly types: readonly string[]
  readonly filter: string | null
  /** Why the hub disabled the filter's subscription. */
  readonly filterProblem: string | null
  readonly ordered: boolean
}

const columns = [
  'e.id',
  'e.workspace_id as workspaceId',
  'e.url',
  'e.description',
  'e.transform',
  'e.credential',
  'e.signature',
  'e.public_key as publicKey',
  'e.enabled',
  'e.disabled_reason as disabledReason',
  'e.disabled_at as disabledAt',
  'e.failing_since as failingSince',
  'e.consecutive_failures as consecutiveFailures',
  'e.paused_until as pausedUntil',
  'e.created_at as createdAt',
  'e.updated_at as updatedAt',
  's.id as subscriptionId',
  's.types',
  's.filter',
  's.problem as filterProblem',
  's.ordered',
] as const

function endpoints(sql: Sql) {
  return sql
    .selectFrom('endpoints as e')
    .innerJoin('subscriptions as s', (join) => join.onRef('s.target', '=', 'e.id').on('s.kind', '=', 'endpoint'))
    .select(columns)
}

export function listEndpoints(
  sql: Sql,
  workspaceId: string,
  { before, limit }: { readonly before?: string | undefined; readonly limit: number },
): Promise<EndpointRow[]> {
  return endpoints(sql)
    .where('e.workspace_id', '=', workspaceId)
    .$if(before !== undefined, (query) => query.where('e.id', '<', before!))
    .orderBy('e.id', 'desc')
    .limit(limit)
    .execute()
}

export function findEndpoint(sql: Sql, workspaceId: string, id: string): Promise<EndpointRow | undefined> {
  return endpoints(sql).where('e.workspace_id', '=', workspaceId).where('e.id', '=', id).executeTakeFirst()
}

/** Locks an endpoint. Always lock it before its deliveries and its subscription, so that no deadlock can occur. */
export function lockEndpoint(trx: Transaction, workspaceId: string, id: string): Promise<EndpointRow | undefined> {
  return endpoints(trx).where('e.workspace_id', '=', workspaceId).where('e.id', '=', id).forNoKeyUpdate(['e']).executeTakeFirst()
}

/** Locks an endpoint only if it is failing. A healthy one need not be locked for each success. */
export function lockFailing(trx: Transaction, workspaceId: string, id: string): Promise<EndpointRow | undefined> {
  return endpoints(trx)
    .where('e.workspace_id', '=', workspaceId)
    .where('e.id', '=', id)
    .where((e) => e.or([e('e.failing_since', 'is not', null), e('e.disabled_reason', '=', 'failing')]))
    .forNoKeyUpdate(['e'])
    .executeTakeFirst()
}

export interface NewEndpoint {
  readonly id: string
  readonly workspaceId: string
  readonly url: string
  readonly description: string | null
  readonly transform: string | null
  readonly credential: string
  readonly signature: string
  readonly publicKey: string | null
  readonly enabled: boolean
  readonly disabledReason: DisabledReason | null
}

export async function insertEndpoint(trx: Transaction, row: NewEndpoint): Promise<void> {
  const { workspaceId, publicKey, disabledReason, ...rest } = row
  const values = { ...rest, workspace_id: workspaceId, public_key: publicKey, disabled_reason: disabledReason }
  await trx.insertInto('endpoints').values(values).execute()
}

export interface EndpointChange {
  readonly url?: string | undefined
  readonly description?: string | null | undefined
  readonly transform?: string | null | undefined
  readonly publicKey?: string | null | undefined
  readonly enabled?: boolean | undefined
  readonly disabledReason?: DisabledReason | null | undefined
  readonly disabledAt?: Date | null | undefined
  readonly failingSince?: Date | null | undefined
  readonly consecutiveFailures?: number | undefined
  readonly pausedUntil?: Date | null | undefined
  readonly probeAt?: Date | null | undefined
}

/** Undefined keeps the stored value. */
export async function updateEndpoint(trx: Transaction, id: string, change: EndpointChange): Promise<void> {
  const values = {
    url: change.url,
    description: change.description,
    transform: change.transform,
    public_key: change.publicKey,
    enabled: change.enabled,
    disabled_reason: change.disabledReason,
    disabled_at: change.disabledAt,
    failing_since: change.failingSince,
    consecutive_failures: change.consecutiveFailures,
    paused_until: change.pausedUntil,
    probe_at: change.probeAt,
  }
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0) await trx.updateTable('endpoints').set(given).where('id', '=', id).execute()
}

export async function touchEndpoint(trx: Transaction, id: string): Promise<void> {
  await trx.updateTable('endpoints').set({ updated_at: new Date() }).where('id', '=', id).execute()
}

export interface SubscriptionChange {
  readonly types?: readonly string[] | undefined
  readonly filter?: string | null | undefined
  readonly ordered?: boolean | undefined
  readonly enabled?: boolean | undefined
  readonly problem?: null | undefined
}

export async function updateSubscription(trx: Transaction, endpointId: string, change: SubscriptionChange): Promise<void> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length === 0) return
  await trx.updateTable('subscriptions').set(given).where('kind', '=', 'endpoint').where('target', '=', endpointId).execute()
}

/** Also deletes its waiting deliveries, by the foreign key. */
export async function deleteEndpoint(trx: Transaction, id: string): Promise<void> {
  await trx.deleteFrom('endpoints').where('id', '=', id).execute()
}

export async function countEndpoints(sql: Sql, now: Date): Promise<{ active: number; paused: number; failing: number; disabled: number }> {
  const row = await sql
    .selectFrom('endpoints')
    .select((e) => [
      e.fn.countAll<number>().filterWhere('enabled', '=', true).as('enabled'),
      e.fn.countAll<number>().filterWhere('enabled', '=', true).filterWhere('paused_until', '>', now).as('paused'),
      e.fn.countAll<number>().filterWhere('enabled', '=', false).as('disabled'),
      e.fn.countAll<number>().filterWhere('disabled_reason', '=', 'failing').as('failing'),
    ])
    .executeTakeFirstOrThrow()
  return { active: row.enabled - row.paused, paused: row.paused, failing: row.failing, disabled: row.disabled - row.failing }
}
