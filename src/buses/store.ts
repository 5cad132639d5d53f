import { sql as raw } from 'kysely'
import { recordset, type Row, type Sql, type Transaction } from '#db'
import type { BusName } from '#lib/bus-names'

/** The identity of what is published: the event, and where it goes. */
export interface Queued extends Pick<Row<'busQueue'>, 'id' | 'eventId' | 'topic' | 'key'> {
  readonly bytes: number
}

export interface Backlog {
  readonly waiting: number
  readonly oldest: Date
}

export async function putBus(trx: Transaction, bus: { workspaceId: string; name: BusName; types: readonly string[] }): Promise<void> {
  await trx
    .insertInto('buses')
    .values(bus)
    .onConflict((conflict) => conflict.columns(['workspaceId', 'name']).doUpdateSet({ types: bus.types }))
    .execute()
}

/** Deletes a bus with everything that waits for it. Returns whether there was one. */
export async function deleteBus(trx: Transaction, workspaceId: string, name: string): Promise<boolean> {
  await trx.deleteFrom('busQueue').where('workspaceId', '=', workspaceId).where('bus', '=', name).execute()
  const { numDeletedRows } = await trx
    .deleteFrom('buses')
    .where('workspaceId', '=', workspaceId)
    .where('name', '=', name)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export function busesOf(sql: Sql, workspaceId: string): Promise<Row<'buses'>[]> {
  return sql.selectFrom('buses').selectAll().where('workspaceId', '=', workspaceId).orderBy('name').execute()
}

/** Lets this process publish for some seconds, unless another one does that is alive. */
export async function leaseBus(sql: Sql, lease: { workspaceId: string; name: BusName; executorId: string; ms: number }): Promise<boolean> {
  const { workspaceId, name, executorId, ms } = lease
  const { numUpdatedRows } = await sql
    .updateTable('buses')
    .set({ leasedBy: executorId, leasedUntil: raw`now() + make_interval(secs => ${ms / 1000})` })
    .where('workspaceId', '=', workspaceId)
    .where('name', '=', name)
    .where((where) =>
      where.or([
        where('leasedBy', 'is', null),
        where('leasedBy', '=', executorId),
        where('leasedUntil', '<', raw<Date>`now()`),
        where('leasedBy', 'not in', (query) => query.selectFrom('executors').select('id')),
      ]),
    )
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function releaseBuses(sql: Sql, executorId: string): Promise<void> {
  await sql.updateTable('buses').set({ leasedBy: null, leasedUntil: null }).where('leasedBy', '=', executorId).execute()
}

export async function enqueue(trx: Transaction, rows: readonly { workspaceId: string; bus: string; eventId: string }[]): Promise<void> {
  if (rows.length === 0) return
  await raw`insert into hub.bus_queue (workspace_id, bus, event_id)
            select workspace_id, bus, event_id from ${recordset('busQueue', rows, 'json')}`.execute(trx)
}

/** The next rows of the queue of a bus, with the sizes of their events. */
export function nextQueued(sql: Sql, { bus, workspaceId, max }: { bus: BusName; workspaceId: string; max: number }): Promise<Queued[]> {
  return sql
    .selectFrom('busQueue as q')
    .leftJoin('events as e', (join) => join.onRef('e.id', '=', 'q.eventId').onRef('e.workspaceId', '=', 'q.workspaceId'))
    .select(['q.id', 'q.eventId', 'q.topic', 'q.key'])
    .select(raw<number>`coalesce(octet_length(e.body), pg_column_size(e.data), 0)`.as('bytes'))
    .where('q.bus', '=', bus)
    .where('q.workspaceId', '=', workspaceId)
    .orderBy('q.id')
    .limit(max)
    .execute()
}

export async function deleteQueued(sql: Sql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await sql
    .deleteFrom('busQueue')
    .where(raw<boolean>`id = any(${ids}::bigint[])`)
    .execute()
}

/** The workspaces with something for the bus inside the process that no broker takes instead. */
export async function localWorkspaces(sql: Sql): Promise<string[]> {
  const rows = await sql
    .selectFrom('busQueue')
    .select('workspaceId')
    .distinct()
    .where('bus', '=', 'local')
    .where('workspaceId', 'not in', (query) => query.selectFrom('buses').select('workspaceId'))
    .execute()
  return rows.map(({ workspaceId }) => workspaceId)
}

/** How much waits to be published on each bus, of one workspace or of all. */
export async function backlogs(sql: Sql, workspaceId?: string): Promise<Map<BusName, Backlog>> {
  const rows = await sql
    .selectFrom('busQueue')
    .select('bus')
    .select(({ fn }) => [fn.countAll<string>().as('waiting'), fn.min('createdAt').as('oldest')])
    .$if(workspaceId !== undefined, (query) => query.where('workspaceId', '=', workspaceId!))
    .groupBy('bus')
    .execute()
  return new Map(rows.map(({ bus, waiting, oldest }) => [bus as BusName, { waiting: Number(waiting), oldest }]))
}

/** The topics that flows and waiting runs want to receive, by workspace. */
export async function wantedTopics(sql: Sql): Promise<{ workspaceId: string; topic: string }[]> {
  const { rows } = await raw<{ workspaceId: string; topic: string }>`
    select distinct s.workspace_id as "workspaceId", substring(t.type from 5) as topic
      from hub.subscriptions s cross join unnest(s.types) as t (type)
     where s.enabled and t.type like 'bus.%' and s.kind <> 'bus' and t.type not like '%*%'
     order by 1, 2`.execute(sql)
  return rows
}

/** Locks the registration, so that two processes do not subscribe twice. */
export async function subscribedTypes(trx: Transaction, workspaceId: string, name: BusName): Promise<readonly string[] | undefined> {
  await trx.selectFrom('buses').select('name').where('workspaceId', '=', workspaceId).where('name', '=', name).forUpdate().execute()
  const row = await trx
    .selectFrom('subscriptions')
    .select('types')
    .where('workspaceId', '=', workspaceId)
    .where('kind', '=', 'bus')
    .where('target', '=', targetOf(workspaceId, name))
    .executeTakeFirst()
  return row?.types
}

/** Subscriptions are deleted by their target alone, so it names the workspace too. */
export const targetOf = (workspaceId: string, name: BusName): string => `${workspaceId}/${name}`
