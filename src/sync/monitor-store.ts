import { sql as raw } from 'kysely'
import type { Transaction } from '#db'

const everyMinutes = 15

/** From its first source on, the content of an integration is looked at now and then, unless somebody has decided about that. */
export async function monitor(trx: Transaction, integrationId: string): Promise<void> {
  await raw`
    update hub.integrations
       set monitor_changes = true, polling_enabled = true, polling_interval = coalesce(polling_interval, ${everyMinutes}),
           next_poll_at = now() + make_interval(mins => coalesce(polling_interval, ${everyMinutes}))
     where id = ${integrationId} and not monitor_changes`.execute(trx)
}
