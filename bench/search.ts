import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Principal } from '#access'
import { loadConfig } from '#config'
import { openHub, type Hub } from '#hub'
import type { PreparedDocument } from '#search'
import { processDocument } from '../src/sync/processing/index.ts'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { home } from './support/processes.ts'

const cranfield = join(home, '../shared/contracts/cranfield')
const chunksWanted = 100_000
const queriesWanted = 400
const batch = 100

export const bench: Bench = {
  describe: 'search: quality on Cranfield and on known items, time and size at 100,000 chunks, with the permission filter',
  run: () => inFolder(measure),
}

interface Given {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly path?: string
}

async function measure(dataDir: string): Promise<void> {
  const { config } = loadConfig({ HUB_DATA_DIR: dataDir, HUB_ADMIN_TOKEN: 'bench-administrator-token', LOG_LEVEL: 'warn' }, dataDir)
  await using hub = await openHub(config)
  if (existsSync(cranfield)) await measureCranfield(hub)
  else console.log('Cranfield: not measured, its files are missing')
  await measureManyChunks(hub)
}

interface Query {
  readonly text: string
  readonly relevant: Readonly<Record<string, number>>
}

async function measureCranfield(hub: Hub): Promise<void> {
  const documents = linesOf<{ id: number; title: string; text: string }>('documents.jsonl')
  const queries = linesOf<Query>('queries.jsonl')
  const reader = await readerOf(hub, 'cranfield')
  await store(
    hub,
    reader,
    documents.map(({ id, title, text }) => ({ id: String(id), title, text })),
  )
  let ndcg = 0
  let recall = 0
  for (const { text, relevant } of queries) {
    const hits = await reader.find(text, 100)
    const gains = hits.slice(0, 10).map((id) => gainOf(relevant[id]))
    const best = Object.values(relevant)
      .map(gainOf)
      .toSorted((a, b) => b - a)
    const ideal = discounted(best.slice(0, 10))
    ndcg += ideal === 0 ? 0 : discounted(gains) / ideal
    const wanted = Object.keys(relevant).filter((id) => gainOf(relevant[id]) > 0)
    recall += wanted.length === 0 ? 1 : wanted.filter((id) => hits.includes(id)).length / wanted.length
  }
  console.log(
    `Cranfield (${documents.length} documents, ${queries.length} queries): nDCG@10 ${(ndcg / queries.length).toFixed(3)}, R@100 ${(recall / queries.length).toFixed(3)}`,
  )
}

function linesOf<T>(name: string): T[] {
  const lines = readFileSync(join(cranfield, name), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as T)
}

const gainOf = (grade: number | undefined): number => (grade === undefined || grade < 1 ? 0 : 5 - grade)
const discounted = (gains: readonly number[]): number => gains.reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0)

/** Real text of this machine: the sources and documentation of the packages that the hub uses. */
async function measureManyChunks(hub: Hub): Promise<void> {
  const reader = await readerOf(hub, 'many')
  const given: Given[] = []
  let bytes = 0
  let chunks = 0
  let stored = 0
  const began = performance.now()
  const flush = async (): Promise<void> => {
    chunks += await store(hub, reader, given.splice(0))
  }
  for (const path of textFiles(join(home, 'node_modules'))) {
    const text = readFileSync(path, 'utf8')
    bytes += text.length
    stored++
    given.push({ id: relative(home, path), title: path.slice(path.lastIndexOf('/') + 1), text, path: relative(home, path) })
    if (given.length < batch) continue
    await flush()
    if (chunks >= chunksWanted) break
  }
  await flush()
  const seconds = (performance.now() - began) / 1000
  const megabytes = bytes / 1e6
  await hub.db.pool.query('vacuum analyze')
  const { rows } = await hub.db.pool.query<{ name: string; bytes: number }>(
    `select c.relname as name, pg_total_relation_size(c.oid)::float8 as bytes from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = 'hub' and c.relname in ('postings', 'search_terms', 'source_chunks', 'documents')`,
  )
  const sizes = rows.map(({ name, bytes: size }) => `${name} ${(size / 1e6 / megabytes).toFixed(2)}`).join(', ')
  console.log(`${stored} documents, ${chunks} chunks, ${megabytes.toFixed(0)} MB of text: ${(stored / seconds).toFixed(0)} documents/s`)
  console.log(`size on the disk per MB of text: ${sizes}`)

  const { rows: items } = await hub.db.pool.query<{ id: string; heading: string; content: string }>(
    `select d.external_id as id, c.heading, c.content from hub.source_chunks as c join hub.documents as d on d.number = c.document_number
      where d.source_id = $1 and c.kind = 'text' order by md5(d.external_id || c.position) limit $2`,
    [reader.sourceId, queriesWanted],
  )
  const times: number[] = []
  let reciprocal = 0
  for (const { id, heading, content } of items) {
    const words = `${heading.split(' › ').at(-1) ?? ''} ${content}`.match(/\p{L}{4,}/gu) ?? []
    const query = [...new Set(words)].slice(0, 5).join(' ')
    if (query === '') continue
    const start = performance.now()
    const hits = await reader.find(query, 10)
    times.push(performance.now() - start)
    const rank = hits.indexOf(id)
    reciprocal += rank === -1 ? 0 : 1 / (rank + 1)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): string => times[Math.floor(times.length * share)]!.toFixed(1)
  console.log(
    `${times.length} searches of up to 5 words: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms; MRR ${(reciprocal / times.length).toFixed(3)}`,
  )
}

function* textFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== '.cache') yield* textFiles(path)
    else if (entry.isFile() && /\.(?:md|ts|mjs|js)$/.test(entry.name) && !entry.name.includes('.min.') && statSync(path).size < 200_000)
      yield path
  }
}

interface BenchReader {
  readonly sourceId: string
  readonly workspaceId: string
  /** The ids of what is found, the best first. */
  find(query: string, limit: number): Promise<string[]>
}

/** Somebody who does not see everything, so that the permission filter works. */
async function readerOf(hub: Hub, workspace: string): Promise<BenchReader> {
  const operator = await hub.access.operator('bench')
  const { id: workspaceId } = await hub.access.workspaces.create(operator, workspace)
  const principal: Principal = { ...operator, workspaceId, scopes: ['content:read'] }
  const sourceId = `src_${workspace}`
  await hub.db.pool.query(
    `insert into hub.integrations (id, workspace_id, name, connector, auth_type, config, status, enabled, origin, number)
     values ($1, $2, 'site', 'http', 'none', '{}', 'active', true, 'user', 1)`,
    [`int_${workspace}`, workspaceId],
  )
  await hub.db.pool.query(
    `insert into hub.sources (id, workspace_id, integration_id, kind, name, config, digest) values ($1, $2, $3, 'pages', 'pages', '{}', '')`,
    [sourceId, workspaceId, `int_${workspace}`],
  )
  await hub.db.pool.query(`insert into hub.audiences (source_id, key, members, checked_at) values ($1, 'all', '{*}', now())`, [sourceId])
  const external = new Map<string, string>()
  return {
    sourceId,
    workspaceId,
    async find(query, limit) {
      const { hits } = await hub.search.find({ principal }, { query, limit, filter: {} })
      const missing = hits.map(({ document }) => document.id).filter((id) => !external.has(id))
      if (missing.length > 0) {
        const { rows } = await hub.db.pool.query<{ id: string; external_id: string }>(
          'select id, external_id from hub.documents where id = any($1)',
          [missing],
        )
        for (const { id, external_id: name } of rows) external.set(id, name)
      }
      return hits.map(({ document }) => external.get(document.id)!)
    },
  }
}

/** Returns how many chunks there are. */
async function store(hub: Hub, { workspaceId, sourceId }: BenchReader, given: readonly Given[]): Promise<number> {
  let chunks = 0
  for (let at = 0; at < given.length; at += batch) {
    const prepared: PreparedDocument[] = []
    for (const { id, title, text, path } of given.slice(at, at + batch)) {
      const format = path === undefined || path.endsWith('.md') ? ('markdown' as const) : ('code' as const)
      prepared.push(
        hub.search.index.prepare(await processDocument({ id, type: 'page', title, path, content: text, format, audience: 'all' })),
      )
    }
    await hub.db.transaction((trx) => hub.search.index.put(trx, { workspaceId, sourceId }, prepared))
    chunks += prepared.reduce((sum, document) => sum + document.chunks.length, 0)
  }
  return chunks
}
