import { join } from 'node:path'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { load, type LoadRequest, type LoadResult } from './support/load.ts'
import { freePort, home, startServer } from './support/processes.ts'

const token = 'bench-administrator-token'
const headers = { authorization: `Bearer ${token}` }
const rounds = 5

export const bench: Bench = {
  describe: 'the same query over REST and over tRPC, alone and ten in a batch',
  run: () => inFolder(measure),
}

const input = encodeURIComponent(JSON.stringify({ limit: 10 }))
const batch = encodeURIComponent(JSON.stringify(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [at, { limit: 10 }]))))
const names = Array.from({ length: 10 }, () => 'tokens.list').join(',')

const requests: Readonly<Record<string, LoadRequest>> = {
  REST: { method: 'GET', path: '/api/v1/tokens?limit=10', headers: () => headers },
  tRPC: { method: 'GET', path: `/trpc/tokens.list?input=${input}`, headers: () => headers },
  'tRPC, ten in a batch': { method: 'GET', path: `/trpc/${names}?batch=1&input=${batch}`, headers: () => headers },
}

async function measure(dataDir: string): Promise<void> {
  const port = await freePort()
  const env = { HUB_DATA_DIR: dataDir, HUB_PORT: String(port), HUB_ADMIN_TOKEN: token, LOG_LEVEL: 'warn' }
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  for (const request of Object.values(requests)) {
    const reply = await fetch(hub.url + request.path, { headers })
    if (reply.status !== 200) throw new Error(`${request.path}: ${reply.status} ${await reply.text()}`)
    await load(hub.url, request, { callers: 16, total: 400 })
  }
  for (const callers of [1, 16]) {
    const total = callers === 1 ? 500 : 2000
    const results = new Map<string, LoadResult[]>(Object.keys(requests).map((name) => [name, []]))
    // Each takes its turn in every round, so that a noisy moment hits all of them.
    for (let round = 0; round < rounds; round++)
      for (const [name, request] of Object.entries(requests)) results.get(name)!.push(await load(hub.url, request, { callers, total }))
    console.log(`${callers} client${callers === 1 ? '' : 's'}`)
    const rest = median(results.get('REST')!)
    for (const [name, of] of results) row(name, median(of), rest)
  }
}

function median(results: readonly LoadResult[]): LoadResult {
  return results.toSorted((a, b) => a.p50 - b.p50)[Math.floor(results.length / 2)]!
}

function row(name: string, { perSecond, p50, p99 }: LoadResult, rest: LoadResult): void {
  const share = `${((perSecond / rest.perSecond) * 100).toFixed(0)} % of REST, p50 ${(p50 - rest.p50).toFixed(2)} ms more`
  console.log(`  ${name.padEnd(24)} ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${share}`)
}
