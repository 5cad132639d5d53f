import { join } from 'node:path'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { load, type LoadRequest, type LoadResult } from './support/load.ts'
import { freePort, home, startServer } from './support/processes.ts'

const token = 'bench-administrator-token'
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
const rounds = 7

export const bench: Bench = {
  describe: 'a tool call with a valid access token of OAuth beside one with a static token',
  run: () => inFolder(measure),
}

const kinds = {
  'static token': { auth_type: 'token', credential: { token: 'static-token-of-the-bench' } },
  'OAuth token': {
    auth_type: 'oauth2',
    credential: {
      access_token: 'access-token-of-the-bench',
      refresh_token: 'refresh-token-of-the-bench',
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    },
  },
} as const

async function measure(dataDir: string): Promise<void> {
  const upstreamPort = await freePort()
  await using upstream = await startServer(process.execPath, [join(home, 'bench/support/upstream.ts'), String(upstreamPort)], {
    env: {},
    port: upstreamPort,
    ask: '/',
  })
  const port = await freePort()
  const env = { HUB_DATA_DIR: dataDir, HUB_PORT: String(port), HUB_ADMIN_TOKEN: token, LOG_LEVEL: 'warn', HUB_EGRESS_ALLOW: '127.0.0.1' }
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  const requests = new Map<string, LoadRequest>()
  for (const [name, kind] of Object.entries(kinds)) {
    const config = { base_url: upstream.url, rate_limit_per_minute: 10_000_000, oauth: { token_url: `${upstream.url}/token` } }
    const made = await fetch(`${hub.url}/api/v1/integrations`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ integration_type: 'http', name: kind.auth_type, ...kind, config }),
    })
    if (made.status !== 201) throw new Error(await made.text())
    const body = JSON.stringify({ input: { path: '/thing' }, integration: kind.auth_type })
    requests.set(name, { method: 'POST', path: '/api/v1/tools/http_request/invoke', headers: () => headers, body })
  }
  for (const request of requests.values()) await load(hub.url, request, { callers: 16, total: 3000 })
  for (const callers of [1, 32]) {
    const total = callers === 1 ? 1000 : 4000
    const results = new Map<string, LoadResult[]>([...requests.keys()].map((name) => [name, []]))
    // Each takes its turn in every round, so that a noisy moment hits both.
    for (let round = 0; round < rounds; round++)
      for (const [name, request] of requests) results.get(name)!.push(await load(hub.url, request, { callers, total }))
    console.log(`${callers} client${callers === 1 ? '' : 's'}`)
    const floor = median(results.get('static token')!)
    for (const [name, of] of results) row(name, median(of), floor)
  }
}

function median(results: readonly LoadResult[]): LoadResult {
  return results.toSorted((a, b) => a.p50 - b.p50)[Math.floor(results.length / 2)]!
}

function row(name: string, { perSecond, p50, p99 }: LoadResult, floor: LoadResult): void {
  const share = `${((perSecond / floor.perSecond) * 100).toFixed(0)} % of the static token, p50 ${(p50 - floor.p50).toFixed(3)} ms more`
  console.log(`  ${name.padEnd(14)} ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${share}`)
}
