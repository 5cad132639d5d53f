import { join } from 'node:path'
import pg from 'pg'
import { loadConfig } from '#config'
import { serveHub } from '#serve'

/** The hub's side of the flows bench, in a process of its own as the floor is. Prints a line of JSON for each round asked for. */
const [url, dataDir, ...rounds] = process.argv.slice(2)
const { config } = loadConfig(
  {
    DATABASE_URL: url,
    HUB_DATA_DIR: dataDir,
    HUB_PORT: '0',
    HUB_ADMIN_TOKEN: 'bench-administrator-token',
    HUB_SECRET_KEYS: `bench:${Buffer.alloc(32, 3).toString('base64')}`,
    HUB_CONNECTORS: join(import.meta.dirname, 'trivial'),
    LOG_LEVEL: 'warn',
  },
  dataDir,
)
const { hub, stop } = await serveHub(config)
const operator = await hub.access.operator('bench')
const step = (id: string, n: string): string => `  - { id: ${id}, uses: trivial_get_nothing, with: { n: ${n} } }`
await hub.flows.save(
  operator,
  ['id: three-steps', 'parameters: { type: object, properties: { n: { type: integer } } }', 'steps:']
    .concat(
      step('one', '"${{ parameters.n + 1 }}"'),
      step('two', '"${{ steps.one.output.n + 1 }}"'),
      step('three', '"${{ steps.two.output.n + 1 }}"'),
    )
    .join('\n'),
)
const pool = new pg.Pool({ connectionString: url!, max: 2, options: '-c search_path=hub' })

for (const round of rounds) {
  const total = Number(round)
  const ids: string[] = []
  const began = performance.now()
  let next = 0
  const lane = async (): Promise<void> => {
    for (let n = next++; n < total; n = next++) ids.push((await hub.flows.trigger(operator, 'three-steps', { parameters: { n } })).id)
  }
  await Promise.all(Array.from({ length: 32 }, lane))
  for (;;) {
    const { rows } = await pool.query('select count(*)::int as left from flow_runs where finished_at is null')
    if (rows[0].left === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const seconds = (performance.now() - began) / 1000
  const { rows } = await pool.query(
    `select extract(epoch from min(s.started_at) - r.created_at) * 1000 as ms from flow_runs r join flow_steps s on s.run_id = r.id
      where r.id = any($1) group by r.id order by 1`,
    [ids],
  )
  const failed = await pool.query(`select count(*)::int as n from flow_runs where status <> 'completed' and id = any($1)`, [ids])
  if (failed.rows[0].n > 0) throw new Error(`${failed.rows[0].n} runs failed`)
  console.log(
    JSON.stringify({
      perSecond: total / seconds,
      p50: Number(rows[Math.floor(total / 2)].ms),
      p99: Number(rows[Math.floor(total * 0.99)].ms),
    }),
  )
}
await pool.end()
await stop()
process.exit(0)
