import { sql as raw } from 'kysely'
import type { Row, Sql, Transaction } from '#db'

const everyMinutes = 15

/** How changes of an integration's content are noticed. */
export type Monitoring = Pick<
  Row<'integrations'>,
  'monitorChanges' | 'pollingEnabled' | 'pollingInterval' | 'lastPolledAt' | 'nextPollAt' | 'changeCount' | 'errorCount' | 'lastError'
>

const columns = [
  'monitorChanges',
  'pollingEnabled',
  'pollingInterval',
  'lastPolledAt',
  'nextPollAt',
  'changeCount',
  'errorCount',
  'lastError',
] as const

/** From its first source on, the content of an integration is looked at now and then, unless somebody has decided about that. */
export async function monitor(trx: Transaction, integrationId: string): Promise<void> {
  await raw`
    update hub.integrations
       set monitor_changes = true, polling_enabled = true, polling_interval = coalesce(polling_interval, ${everyMinutes}),
           next_poll_at = now() + make_interval(mins => coalesce(polling_interval, ${everyMinutes}))
     where id = ${integrationId} and not monitor_changes and polling_interval is null`.execute(trx)
}

export function monitoringOf(sql: Sql, integrationId: string): Promise<Monitoring> {
  return sql.selectFrom('integrations').select(columns).where('id', '=', integrationId).executeTakeFirstOrThrow()
}

export type MonitoringChange = Partial<Pick<Monitoring, 'monitorChanges' | 'pollingEnabled' | 'pollingInterval'>>

export async function setMonitoring(trx: Transaction, integrationId: string, change: MonitoringChange): Promise<Monitoring> {
  return trx
    .updateTable('integrations')
    .set({
      ...change,
      pollingInterval: raw`coalesce(${change.pollingInterval ?? null}, polling_interval, ${everyMinutes})`,
      nextPollAt: raw`now() + make_interval(mins => coalesce(${change.pollingInterval ?? null}, polling_interval, ${everyMinutes}))`,
    })
    .where('id', '=', integrationId)
    .returning(columns)
    .executeTakeFirstOrThrow()
}
