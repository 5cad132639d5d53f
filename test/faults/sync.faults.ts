import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freshDatabase, serveProcess } from '#test'
import { kill, until } from '#test/faults'
import { ask, hubSettings } from './webhooks.ts'

/** `SYNC_ROUNDS=200` runs the whole campaign. */
const rounds = Number(process.env['SYNC_ROUNDS'] ?? 4)
const documents = 200
const perPage = 5
const pageMs = 15
/** The engine declares a process dead after two sweeps, and gives its jobs away then. */
const patience = 60_000

/** A system outside whose documents change, one page after the other. */
async function startOutside(): Promise<AsyncDisposable & { readonly url: string; readonly content: Map<string, string>; change(): void }> {
  const content = new Map<string, string>()
  let version = 0
  const change = (): void => {
    version++
    for (let n = 0; n < documents; n++) {
      const id = `doc-${n}`
      // Some change, some go, some come back, and most stay the same.
      if ((n + version) % 7 === 0) content.delete(id)
      else if (n % 3 === version % 3 || !content.has(id))
        content.set(id, `Document ${n} in version ${version} speaks of walrus${(n + version) % 11}.`)
    }
  }
  change()
  const answer = (url: URL): object => {
    if (url.pathname === '/readers') return { members: ['*'] }
    const ids = [...content.keys()].toSorted()
    const from = ((JSON.parse(url.searchParams.get('cursor') ?? 'null') ?? { at: 0 }) as { at: number }).at
    const page = ids.slice(from, from + perPage)
    if (url.pathname === '/pull') {
      const found = page.map((id) => ({ id, type: 'thing', title: id, content: content.get(id)!, audience: 'all' }))
      return { documents: found, cursor: { at: from + page.length }, isLast: from + perPage >= ids.length }
    }
    if (url.pathname === '/list') return { ids: page, ...(from + perPage >= ids.length ? {} : { next: { at: from + page.length } }) }
    const asked = (url.searchParams.get('ids') ?? '').split(',').filter((id) => content.has(id))
    return { documents: asked.map((id) => ({ id, type: 'thing', title: id, content: content.get(id)!, audience: 'all' })) }
  }
  const server = createServer((request, response) => {
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer(new URL(request.url!, 'http://outside'))))
    }, pageMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    content,
    change,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('kill -9 in the middle of a sync: it goes on at its page, and ends with what is there, each document once', async (t) => {
  await using stack = new AsyncDisposableStack()
  const outside = stack.use(await startOutside())
  const database = stack.use(await freshDatabase())
  const settings = {
    ...hubSettings,
    DATABASE_URL: database.url,
    HUB_CONNECTORS: join(import.meta.dirname, '../support/connector'),
    HUB_EGRESS_ALLOW: '127.0.0.1',
    HUB_DRAIN_SECONDS: '1',
    RATE_LIMIT_PER_MINUTE: '1000000',
  }
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  stack.defer(() => client.end())
  let hub = await serveProcess(settings)
  stack.defer(async () => {
    hub.child.kill('SIGKILL')
    await hub.exited
  })
  await ask(hub, '/api/v1/integrations', {
    name: 'probe',
    integration_type: 'probe',
    credential: { token: 'a-token' },
    config: { base_url: outside.url },
  })
  const { id } = await ask(hub, '/api/v1/sources', { integration: 'probe', kind: 'things', config: {} })
  let inTheMiddle = 0
  for (let round = 1; round <= rounds; round++) {
    await sleep(50 + Math.random() * 700)
    if ((await ask(hub, `/api/v1/sources/${id}`)).status === 'syncing') inTheMiddle++
    kill(hub.child.pid!)
    await hub.exited
    hub = await serveProcess(settings)
    const { status } = await ask(hub, `/api/v1/sources/${id}`)
    if (status !== 'syncing') {
      outside.change()
      await ask(hub, `/api/v1/sources/${id}/sync`, { rescan: true, confirm_deletions: true })
    }
  }
  const settled = () =>
    until(
      'the sync has ended',
      async () => {
        const source = await ask(hub, `/api/v1/sources/${id}`)
        return source.status === 'idle' && source
      },
      patience,
    )
  await settled()
  // What changed behind the cursor of a sync that went on is found by the next one.
  await ask(hub, `/api/v1/sources/${id}/sync`, { rescan: true, confirm_deletions: true })
  const source = await settled()
  assert.equal(source.failing, 0)

  const { rows } = await client.query<{ external_id: string; content: string }>(
    'select external_id, content from hub.documents order by external_id',
  )
  assert.deepEqual(
    rows.map((row) => [row.external_id, row.content]),
    [...outside.content].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  const one = async (sql: string): Promise<unknown> => (await client.query<{ found: unknown }>(sql)).rows[0]!.found
  const wrong = `select count(*)::int as found from (
    (select d.number, unnest(d.terms) as term from hub.documents as d except select document, term from hub.postings)
    union all (select document, term from hub.postings except select d.number, unnest(d.terms) from hub.documents as d)) as differs`
  assert.equal(await one(wrong), 0, 'the postings are those of the documents')
  const miscounted = `select count(*)::int as found from (
    (select term, documents from hub.search_terms except select term, count(*)::int from hub.postings group by term)
    union all (select term, count(*)::int from hub.postings group by term except select term, documents from hub.search_terms)) as differs`
  assert.equal(await one(miscounted), 0, 'each term is counted as often as it is there')
  const sizes = `select (s.documents, s.chunks, s.size, s.outline_size) = (select count(*), sum(chunk_count), sum(size), sum(outline_size) from hub.documents) as found
                   from hub.search_sizes as s`
  assert.equal(await one(sizes), true, 'the sums are those of the documents')
  t.diagnostic(JSON.stringify({ kills: rounds, inTheMiddle, documents: rows.length }))
})
