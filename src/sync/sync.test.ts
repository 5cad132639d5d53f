import assert from 'node:assert/strict'
import { before, beforeEach, suite, test } from 'node:test'
import type { SourceDocument, SourcePage } from '#kit'
import { servedHub, type ServedHub } from '#test'
import { until } from '#test/faults'

interface Source {
  readonly id: string
  readonly status: string
  readonly documents: number
  readonly failing: number
  readonly notice: string | null
  readonly last_error: { readonly code: string } | null
  readonly sync: { readonly status: string; readonly pages: number; readonly added: number; readonly removed: number }
}

let served: ServedHub
const token = 'test-administrator-token'

type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; json: any }>

const callAs =
  (as: string): Call =>
  async (method, path, body) => {
    const reply = await fetch(`${served.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${as}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, json: text === '' ? null : JSON.parse(text) }
  }
const call = callAs(token)

const documentOf = (id: string, content = `Content of ${id}.`): SourceDocument => ({
  id,
  type: 'thing',
  title: `Thing ${id}`,
  content,
  audience: 'all',
})

/** What the system outside has: by the source's list, so that tests do not meet. */
class World {
  readonly documents = new Map<string, SourceDocument>()
  members: readonly string[] = ['*']
  pageSize = 2
  /** Answers instead, once each. */
  readonly instead: (() => { status?: number; body: unknown; afterMs?: number })[] = []
  listPartial = false
  pulls = 0
}
const worlds = new Map<string, World>()
let names = 0

const queryOf = (url: string): URLSearchParams => new URL(url, 'http://outside').searchParams

function answerOutside(): void {
  const { answers } = served.outside
  const worldOf = (url: string): World => worlds.get(queryOf(url).get('list') ?? '') ?? new World()
  answers.set('/pull', ({ url }) => {
    const world = worldOf(url!)
    world.pulls++
    const instead = world.instead.shift()
    if (instead) return instead()
    const cursor = JSON.parse(queryOf(url!).get('cursor') ?? 'null') as { at: number } | null
    const all = [...world.documents.values()]
    const at = cursor?.at ?? 0
    const documents = all.slice(at, at + world.pageSize)
    const page: SourcePage = { documents, cursor: { at: at + documents.length }, isLast: at + world.pageSize >= all.length }
    return { body: page }
  })
  answers.set('/list', ({ url }) => {
    const world = worldOf(url!)
    return { body: { ids: [...world.documents.keys()], isPartial: world.listPartial } }
  })
  answers.set('/fetch', ({ url }) => {
    const ids = queryOf(url!).get('ids')!.split(',')
    const documents = ids.flatMap((id) => [...worlds.values()].flatMap((world) => world.documents.get(id) ?? []))
    return { body: { documents } }
  })
  answers.set('/readers', () => ({ body: { members: [...worlds.values()].at(-1)!.members } }))
}

const sourceOf = async (id: string): Promise<Source> => (await call('GET', `/api/v1/sources/${id}`)).json as Source
const settled = (id: string): Promise<Source> =>
  until('the source is at rest', async () => {
    const source = await sourceOf(id)
    return source.status !== 'syncing' && source
  })

/** A world with these documents, and a source that has read them. */
async function synced(...ids: string[]): Promise<{ world: World; source: Source; list: string }> {
  const world = new World()
  const list = `list-${++names}`
  worlds.set(list, world)
  for (const id of ids) world.documents.set(`${list}-${id}`, documentOf(`${list}-${id}`))
  const made = await call('POST', '/api/v1/sources', { integration: 'probe', kind: 'things', config: { list } })
  assert.equal(made.status, 201, JSON.stringify(made.json))
  return { world, list, source: await settled((made.json as Source).id) }
}

const sync = async (id: string, request: object = {}): Promise<Source> => {
  const reply = await call('POST', `/api/v1/sources/${id}/sync`, request)
  assert.equal(reply.status, 202, JSON.stringify(reply.json))
  return settled(id)
}

const found = async (q: string, source: string, as = token): Promise<string[]> => {
  const reply = await callAs(as)('GET', `/api/v1/search?q=${encodeURIComponent(q)}&source=${source}`)
  assert.equal(reply.status, 200, JSON.stringify(reply.json))
  return (reply.json.items as { document: { title: string } }[]).map(({ document }) => document.title)
}

suite('content is kept in step', () => {
  before(async () => {
    served = await servedHub()
    answerOutside()
  })
  beforeEach(() => answerOutside())

  test('page by page, found at once, and not written again while it is the same', async () => {
    const { source, list, world } = await synced('a', 'b', 'c', 'd', 'e')
    assert.deepEqual([source.status, source.documents, source.sync.pages, source.sync.added], ['idle', 5, 3, 5])
    assert.deepEqual(await found('content', source.id).then((titles) => titles.length), 5)
    assert.deepEqual(await found(`${list}-c`, source.id).then((titles) => titles[0]), `Thing ${list}-c`)
    const again = await sync(source.id, { rescan: true })
    assert.deepEqual([again.sync.added, again.sync.removed, again.documents], [0, 0, 5])
    world.documents.set(`${list}-a`, documentOf(`${list}-a`, 'It speaks of zebras now.'))
    await sync(source.id, { rescan: true })
    assert.deepEqual(await found('zebra', source.id), [`Thing ${list}-a`])
    assert.equal((await call('GET', `/api/v1/documents?source=${source.id}`)).json.items.length, 5)
  })

  test('and what was deleted is gone after a listing, but not after one that is partial', async () => {
    const { source, list, world } = await synced('a', 'b', 'c', 'd')
    world.documents.delete(`${list}-b`)
    world.listPartial = true
    const partial = await sync(source.id, { sweep: true })
    assert.equal(partial.documents, 4)
    assert.match(partial.notice!, /not complete/)
    world.listPartial = false
    const whole = await sync(source.id, { sweep: true })
    assert.deepEqual([whole.documents, whole.notice], [3, null])
    assert.equal((await found(`${list}-b`, source.id)).includes(`Thing ${list}-b`), false)
  })

  test('a source that lists nothing for once loses nothing before somebody confirms it', async () => {
    const ids = Array.from({ length: 14 }, (_, n) => `n${n}`)
    const { source, list, world } = await synced(...ids)
    const kept = new Map(world.documents)
    world.documents.clear()
    const refused = await sync(source.id, { sweep: true })
    assert.equal(refused.documents, 14)
    assert.match(refused.notice!, /14 of 14 documents were not listed any more/)
    const rescanned = await sync(source.id, { rescan: true })
    assert.equal(rescanned.documents, 14)
    const confirmed = await sync(source.id, { confirm_deletions: true })
    assert.equal(confirmed.documents, 0)
    assert.deepEqual(await found('content', source.id), [])
    for (const [id, document] of kept) world.documents.set(id, document)
    assert.equal((await sync(source.id, { rescan: true })).documents, 14)
    assert.equal((await found(`${list}-n3`, source.id))[0], `Thing ${list}-n3`)
  })

  test('an event reads what it names, and removes what does not exist any more', async () => {
    const { source, list, world } = await synced('a', 'b')
    const order = async (ids: string[]): Promise<void> => {
      const reply = await call('POST', '/api/v1/buses/local/messages', { topic: 'probe-orders', data: { list, ids } })
      assert.equal(reply.status, 201)
    }
    world.documents.set(`${list}-new`, documentOf(`${list}-new`, 'A pangolin arrives.'))
    // The topic is followed some seconds after the hub has started; a message that is sent before is lost.
    await until('the new one is found', async () => {
      await order([`${list}-new`])
      return (await found('pangolin', source.id)).length === 1
    })
    world.documents.delete(`${list}-a`)
    await order([`${list}-a`])
    await until('the old one is gone', async () => (await sourceOf(source.id)).documents === 2)
  })

  test('a change that is noticed during a sync leads to another one after it', async () => {
    const { source, world } = await synced('a', 'b')
    const { sql } = served.hub.db
    // The page waits while the change is noticed.
    world.instead.push(() => ({ afterMs: 500, body: { documents: [], cursor: { at: 2 }, isLast: true } }))
    assert.equal((await call('POST', `/api/v1/sources/${source.id}/sync`, {})).status, 202)
    await sql.updateTable('sources').set({ pullWanted: true }).where('id', '=', source.id).execute()
    const syncs = await until('both have ended', async () => {
      const { items } = (await call('GET', `/api/v1/sources/${source.id}/syncs`)).json as { items: { reason: string; status: string }[] }
      return items.length === 3 && items.every(({ status }) => status === 'completed') && items
    })
    assert.deepEqual(
      syncs.map(({ reason }) => reason),
      ['event', 'manual', 'created'],
    )
    assert.equal((await settled(source.id)).status, 'idle')
  })

  test('a cursor that is lost leads to a rescan with a reason', async () => {
    const { source, world } = await synced('a', 'b', 'c')
    world.instead.push(() => ({ body: { lost: 'the history was rewritten' } }))
    const after = await sync(source.id)
    assert.deepEqual([after.status, after.documents, after.sync.status], ['idle', 3, 'completed'])
  })

  test('a refusal ends a sync and is shown, and the next one goes on', async () => {
    const { source, world } = await synced('a', 'b', 'c')
    world.instead.push(() => ({ status: 403, body: {} }))
    const refused = await sync(source.id)
    assert.deepEqual([refused.status, refused.last_error?.code], ['failed', 'vendor_forbidden'])
    const after = await sync(source.id)
    assert.deepEqual([after.status, after.last_error], ['idle', null])
  })

  test('pausing stops it after a page, resuming goes on there, and cancelling keeps what was read', async () => {
    const world = new World()
    const list = `list-${++names}`
    worlds.set(list, world)
    for (let n = 0; n < 6; n++) world.documents.set(`${list}-${n}`, documentOf(`${list}-${n}`))
    const { json } = await call('POST', '/api/v1/sources', { integration: 'probe', kind: 'things', config: { list } })
    const { id } = json as Source
    await call('POST', `/api/v1/sources/${id}/pause`)
    await until('it is paused', async () => (await sourceOf(id)).status === 'paused')
    assert.equal((await call('POST', `/api/v1/sources/${id}/sync`, {})).json.code, 'in_use')
    assert.equal((await call('POST', `/api/v1/sources/${id}/resume`)).status, 200)
    const done = await until('everything is read', async () => {
      const source = await sourceOf(id)
      return source.documents === 6 && source.status === 'idle' && source
    })
    assert.equal(done.sync.added, 6)
    assert.equal((await call('POST', `/api/v1/sources/${id}/cancel`)).json.documents, 6)
  })

  test('a source that is deleted is in no answer from then on, and leaves no row behind', async () => {
    const { source, list } = await synced('a', 'b')
    assert.equal((await call('DELETE', `/api/v1/sources/${source.id}`)).status, 204)
    assert.deepEqual(await found(list, source.id), [])
    await until('its rows are gone', async () => {
      const { rows } = await served.hub.db.pool.query('select from hub.documents where source_id = $1', [source.id])
      return rows.length === 0
    })
    assert.equal((await call('GET', `/api/v1/sources/${source.id}`)).status, 404)
  })

  test('who may read is read again by itself, where nothing else is synced', async () => {
    const { source, world } = await synced('a')
    await served.hub.db.pool.query("update hub.sources set synced_at = now() - interval '31 minutes' where id = $1", [source.id])
    await served.hub.db.pool.query("update hub.audiences set checked_at = now() - interval '25 hours' where source_id = $1", [source.id])
    const pulls = world.pulls
    await until('the members are new', async () => {
      const { rows } = await served.hub.db.pool.query(
        "select from hub.audiences where source_id = $1 and checked_at > now() - interval '1 minute'",
        [source.id],
      )
      return rows.length === 1
    })
    assert.equal(world.pulls, pulls)
  })

  test('what no index takes as a key is left out, and the others come', async () => {
    const { world, source, list } = await synced('a')
    const long = `${list}-${'x'.repeat(5000)}`
    world.documents.set(long, documentOf(long))
    world.documents.set(`${list}-b`, { ...documentOf(`${list}-b`), url: `https://example.com/${'y'.repeat(5000)}` })
    const after = await sync(source.id, { rescan: true })
    assert.deepEqual([after.status, after.documents], ['idle', 2])
  })

  test('what was of use comes up, and one voice counts once', async () => {
    const { source, list } = await synced('x1', 'x2')
    const [first, second] = await found('content', source.id)
    const documents = (await call('GET', `/api/v1/documents?source=${source.id}`)).json.items as { id: string; title: string }[]
    const { id } = documents.find(({ title }) => title === second)!
    const ids = new Set<string>()
    for (let n = 0; n < 3; n++)
      ids.add((await call('POST', `/api/v1/documents/${id}/feedback`, { signal: 'up', query: list })).json.id as string)
    assert.equal(ids.size, 1)
    assert.deepEqual(await found('content', source.id), [second, first])
    const { rows } = await served.hub.db.pool.query('select signal from hub.feedback_signals where document_id = $1', [id])
    assert.equal(rows.length, 1)
  })

  test('bad requests are refused with what is wrong', async () => {
    const refused = async (body: object): Promise<any> =>
      (await call('POST', '/api/v1/sources', { integration: 'probe', kind: 'things', ...body })).json
    assert.match(JSON.stringify(await refused({ kind: 'nothing' })), /has no \\"nothing\\" to sync; it has: things/)
    assert.equal((await refused({ config: { list: 7 } })).errors[0].path, 'config.list')
    assert.equal((await refused({ integration: 'nowhere' })).code, 'integration_unknown')
    const { list } = await synced('a')
    assert.equal((await refused({ config: { list } })).code, 'already_exists')
    for (const verb of ['sync', 'pause', 'resume', 'cancel', 'failures/retry'])
      assert.equal((await call('POST', `/api/v1/sources/src_nothing/${verb}`, verb === 'sync' ? {} : undefined)).status, 404)
  })
})

suite('nobody finds what they may not read', () => {
  before(async () => {
    served = await servedHub()
    answerOutside()
  })

  const tokenWith = async (...scopes: string[]): Promise<{ id: string; token: string }> =>
    (await call('POST', '/api/v1/tokens', { name: scopes.join(), scopes })).json as { id: string; token: string }

  test('without the scope, from another workspace, or outside of its audience', async () => {
    const world = new World()
    const list = `list-${++names}`
    worlds.set(list, world)
    world.members = ['user:ada']
    world.documents.set(`${list}-secret`, documentOf(`${list}-secret`, 'The salary of the walrus.'))
    const { id } = (await call('POST', '/api/v1/sources', { integration: 'probe', kind: 'things', config: { list } })).json as Source
    await settled(id)
    assert.deepEqual(await found('walrus', id), [`Thing ${list}-secret`])
    const [document] = (await call('GET', `/api/v1/documents?source=${id}`)).json.items as { id: string }[]

    const none = await tokenWith('tools:call')
    assert.equal((await callAs(none.token)('GET', '/api/v1/search?q=walrus')).json.code, 'scope_missing')
    const reader = await tokenWith('content:read')
    const paths = ['', '/outline', '/chunks'].map((part) => `/api/v1/documents/${document!.id}${part}`)
    assert.deepEqual(await found('walrus', id, reader.token), [])
    for (const path of paths) assert.equal((await callAs(reader.token)('GET', path)).status, 404, path)
    assert.deepEqual(
      (await callAs(reader.token)('GET', '/api/v1/documents')).json.items.filter((item: { id: string }) => item.id === document!.id),
      [],
    )
    const feedback = await callAs(reader.token)('POST', `/api/v1/documents/${document!.id}/feedback`, { signal: 'up' })
    assert.equal(feedback.status, 404)

    const { hub } = served
    const known = (user: string) => ({ actor: `token:${reader.id}`, integration: 'probe', external_user: user })
    assert.equal((await callAs(reader.token)('POST', '/api/v1/identities', known('ada'))).json.code, 'scope_missing')
    assert.equal((await call('POST', '/api/v1/identities', known('grace'))).status, 204)
    assert.deepEqual(await found('walrus', id, reader.token), [])
    assert.equal((await call('POST', '/api/v1/identities', known('Ada'))).status, 204)
    assert.deepEqual(await found('walrus', id, reader.token), [`Thing ${list}-secret`])
    // What was read too long ago counts for nobody.
    await hub.db.pool.query("update hub.audiences set checked_at = now() - interval '25 hours' where source_id = $1", [id])
    assert.deepEqual(await found('walrus', id, reader.token), [])

    await call('POST', '/api/v1/workspaces', { name: 'elsewhere' })
    const reply = await fetch(`${served.address}/api/v1/search?q=walrus`, {
      headers: { authorization: `Bearer ${token}`, 'hub-workspace': 'elsewhere' },
    })
    assert.deepEqual(((await reply.json()) as { items: unknown[] }).items, [])
    const other = await fetch(`${served.address}/api/v1/sources/${id}`, {
      headers: { authorization: `Bearer ${token}`, 'hub-workspace': 'elsewhere' },
    })
    assert.equal(other.status, 404)
  })
})
