import type { Row, Sql, Transaction } from '#db'

/** An endpoint with its subscription. */
export interface EndpointRow extends Row<'endpoints'>, Pick<Row<'subscriptions'>, 'types' | 'filter' | 'ordered'> {
  readonly subscriptionId: string
  /** Why the hub disabled the filter's subscription. */
  readonly filterProblem: string | null
}

function endpoints(sql: Sql) {
  return sql
    .selectFrom('endpoints as e')
    .innerJoin('subscriptions as s', (join) => join.onRef('s.target', '=', 'e.id').on('s.kind', '=', 'endpoint'))
    .selectAll('e')
    .select(['s.id as subscriptionId', 's.types', 's.filter', 's.problem as filterProblem', 's.ordered'])
}

export function listEndpoints(
  sql: Sql,
  workspaceId: string,
  { before, limit }: { readonly before?: string | undefined; readonly limit: number },
): Promise<EndpointRow[]> {
  return endpoints(sql)
    .where('e.workspaceId', '=', workspaceId)
    .$if(before !== undefined, (query) => query.where('e.id', '<', before!))
    .orderBy('e.id', 'desc')
    .limit(limit)
    .execute()
}

export function findEndpoint(sql: Sql, workspaceId: string, id: string): Promise<EndpointRow | undefined> {
  return endpoints(sql).where('e.workspaceId', '=', workspaceId).where('e.id', '=', id).executeTakeFirst()
}

/** Locks an endpoint. Always lock it before its deliveries and its subscription, so that no deadlock can occur. */
export function lockEndpoint(trx: Transaction, workspaceId: string, id: string): Promise<EndpointRow | undefined> {
  return endpoints(trx).where('e.workspaceId', '=', workspaceId).where('e.id', '=', id).forNoKeyUpdate(['e']).executeTakeFirst()
}

/** Locks an endpoint only if it is failing. A healthy one need not be locked for each success. */
export function lockFailing(trx: Transaction, workspaceId: string, id: string): Promise<EndpointRow | undefined> {
  return endpoints(trx)
    .where('e.workspaceId', '=', workspaceId)
    .where('e.id', '=', id)
    .where((e) => e.or([e('e.failingSince', 'is not', null), e('e.disabledReason', '=', 'failing')]))
    .forNoKeyUpdate(['e'])
    .executeTakeFirst()
}

export type NewEndpoint = Pick<
  Row<'endpoints'>,
  'id' | 'workspaceId' | 'url' | 'description' | 'transform' | 'credential' | 'signature' | 'publicKey' | 'enabled' | 'disabledReason'
>

export async function insertEndpoint(trx: Transaction, row: NewEndpoint): Promise<void> {
  await trx.insertInto('endpoints').values(row).execute()
}

type Changeable = Omit<Row<'endpoints'>, 'id' | 'workspaceId' | 'credential' | 'signature' | 'createdAt' | 'updatedAt'>

export type EndpointChange = { readonly [Field in keyof Changeable]?: Changeable[Field] | undefined }

/** Undefined keeps the stored value. */
export async function updateEndpoint(trx: Transaction, id: string, change: EndpointChange): Promise<void> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0) await trx.updateTable('endpoints').set(given).where('id', '=', id).execute()
}

export async function touchEndpoint(trx: Transaction, id: string): Promise<void> {
  await trx.updateTable('endpoints').set({ updatedAt: new Date() }).where('id', '=', id).execute()
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
  // What has changed begins anew.
  await trx
    .updateTable('subscriptions')
    .set({ ...given, overruns: 0 })
    .where('kind', '=', 'endpoint')
    .where('target', '=', endpointId)
    .execute()
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
      e.fn.countAll<number>().filterWhere('enabled', '=', true).filterWhere('pausedUntil', '>', now).as('paused'),
      e.fn.countAll<number>().filterWhere('enabled', '=', false).as('disabled'),
      e.fn.countAll<number>().filterWhere('disabledReason', '=', 'failing').as('failing'),
    ])
    .executeTakeFirstOrThrow()
  return { active: row.enabled - row.paused, paused: row.paused, failing: row.failing, disabled: row.disabled - row.failing }
}
