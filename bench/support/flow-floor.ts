import pg from 'pg'

/**
 * The floor of the flows bench: three durable steps as anybody would write them first, without an engine. A run is a row, each step is stored
 * when it is done, and the end is stored in the row. Prints a line of JSON for each round asked for.
 */
const [url, ...rounds] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: url!, max: 10 })
await pool.query(`
  create table if not exists runs (id bigserial primary key, input jsonb, status text, output jsonb);
  create table if not exists steps (run_id bigint, step text, output jsonb, primary key (run_id, step))`)

async function runFlow(n: number): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(`insert into runs (input, status) values ($1, 'running') returning id`, [n])
  let value = n
  for (const step of ['one', 'two', 'three']) {
    value += 1
    await pool.query('insert into steps (run_id, step, output) values ($1, $2, $3)', [rows[0]!.id, step, value])
  }
  await pool.query(`update runs set status = 'completed', output = $2 where id = $1`, [rows[0]!.id, value])
}

for (const round of rounds) {
  const total = Number(round)
  const latencies: number[] = []
  const began = performance.now()
  let next = 0
  const lane = async (): Promise<void> => {
    for (let n = next++; n < total; n = next++) {
      const asked = performance.now()
      await runFlow(n)
      latencies.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: 32 }, lane))
  const seconds = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  console.log(
    JSON.stringify({ perSecond: total / seconds, p50: latencies[Math.floor(total / 2)], p99: latencies[Math.floor(total * 0.99)] }),
  )
}
await pool.end()
