import pg from 'pg'

/** Every row of every table of every schema, the system's own included, and the statements that are being run, as text. */
export async function dumpDatabase(connection: pg.ClientConfig): Promise<string> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', nspname, relname) as name from pg_class join pg_namespace n on n.oid = relnamespace
       where relkind in ('r', 'm', 'p') order by 1`,
    )
    const texts: string[] = []
    for (const { name } of [...tables, { name: 'pg_stat_activity' }]) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t`)
      texts.push(`== ${name}`, ...rows.map(({ text }) => text))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
