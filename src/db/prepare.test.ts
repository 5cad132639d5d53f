import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestDatabase } from '#test'

test('a statement that is used often is prepared, and a rare one is not', async () => {
  await using db = await openTestDatabase()
  const prepared = async (): Promise<string[]> =>
    (await client.query<{ statement: string }>('select statement from pg_prepared_statements')).rows.map(({ statement }) => statement)
  const client = await db.pool.connect()
  try {
    for (let n = 0; n < 30; n++) assert.deepEqual((await client.query('select $1::int + 1 as often', [n])).rows, [{ often: n + 1 }])
    await client.query('select $1::int as seldom', [1])
    assert.deepEqual(await prepared(), ['select $1::int + 1 as often'])
    await assert.rejects(client.query('select $1::int / 0', [1]), /division by zero/)
  } finally {
    client.release()
  }
})
