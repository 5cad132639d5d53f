import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { sleep } from '#lib/clock'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { load, type LoadRequest, type LoadResult } from './support/load.ts'
import { freePort, home, residentMegabytes, startServer } from './support/processes.ts'

const aims = { readMs: 1, writeMs: 3, readsPerSecond: 2000 }
const token = 'bench-administrator-token'
const rounds = 3
const memoryCalls = 100_000

const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
const body = JSON.stringify({ input: {} })

const read: LoadRequest = { method: 'POST', path: '/api/v1/tools/probe_get_thing/invoke', headers: () => headers, body }
const write: LoadRequest = {
  method: 'POST',
  path: '/api/v1/tools/probe_create_thing/invoke',
  headers: () => ({ ...headers, 'idempotency-key': randomUUID() }),
  body,
}

export const bench: Bench = {
  describe: 'what a tool call adds to the bare outside system, how many go through, and what it costs in memory',
  run: () => inFolder(measure),
}

async function measure(dataDir: string): Promise<void> {
  const upstreamPort = await freePort()
  await using upstream = await startServer(process.execPath, [join(home, 'bench/support/upstream.ts'), String(upstreamPort)], {
    env: {},
    port: upstreamPort,
    ask: '/',
  })
  const port = await freePort()
  const env = {
    HUB_DATA_DIR: dataDir,
    HUB_PORT: String(port),
    HUB_ADMIN_TOKEN: token,
    LOG_LEVEL: 'warn',
    HUB_EGRESS_ALLOW: '127.0.0.1',
    HUB_CONNECTORS: join(home, 'test/support/connector'),
    RATE_LIMIT_PER_MINUTE: '10000000',
  }
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  const made = await fetch(`${hub.url}/api/v1/integrations`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ integration_type: 'probe', access_token: 'probe-token', config: { base_url: upstream.url } }),
  })
  if (made.status !== 201) throw new Error(await made.text())

  const bare: LoadRequest = { method: 'GET', path: '/thing' }
  // Both are warm before either is measured.
  await load(hub.url, read, { callers: 32, total: 5000 })
  await load(hub.url, write, { callers: 32, total: 2000 })
  await load(upstream.url, bare, { callers: 32, total: 5000 })

  for (const callers of [1, 32]) {
    const total = callers === 1 ? 2000 : 10_000
    const [floor, reads, writes] = await alternate([
      () => load(upstream.url, bare, { callers, total }),
      () => load(hub.url, read, { callers, total }),
      () => load(hub.url, write, { callers, total: total / 2 }),
    ])
    console.log(`${callers} client${callers === 1 ? '' : 's'}`)
    row('bare upstream', floor!)
    row('read tool', reads!, { floor: floor!, aimMs: callers === 1 ? aims.readMs : undefined })
    row('keyed write tool', writes!, { floor: floor!, aimMs: callers === 1 ? aims.writeMs : undefined })
  }
  console.log(`aim: ${aims.readsPerSecond} reads a second at 32 clients\n`)
  await memory(hub.url, hub.child.pid!)
}

async function memory(url: string, pid: number): Promise<void> {
  for (let done = 0; done <= memoryCalls; done += memoryCalls / 4) {
    if (done > 0) await load(url, read, { callers: 32, total: memoryCalls / 4 })
    await sleep(1000)
    console.log(`after ${done.toLocaleString('en')} more calls: ${residentMegabytes(pid)} MB resident in the hub's own process`)
  }
}

/** Each contender takes its turn in every round, so that a noisy moment hits all of them; the median round counts. */
async function alternate(contenders: readonly (() => Promise<LoadResult>)[]): Promise<LoadResult[]> {
  const results: LoadResult[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, run] of contenders.entries()) results[index]!.push(await run())
  }
  return results.map((list) => list.toSorted((a, b) => a.p50 - b.p50)[Math.floor(list.length / 2)]!)
}

interface Comparison {
  readonly floor?: LoadResult
  readonly aimMs?: number | undefined
}

function row(name: string, { perSecond, p50, p99 }: LoadResult, { floor, aimMs }: Comparison = {}): void {
  const added = floor
    ? `   added p50 ${(p50 - floor.p50).toFixed(2)} ms${aimMs === undefined ? '' : ` (aim ${aimMs})`}, added p99 ${(p99 - floor.p99).toFixed(2)} ms, ${((perSecond / floor.perSecond) * 100).toFixed(0)} % of the floor`
    : ''
  console.log(
    `  ${name.padEnd(18)} ${perSecond.toFixed(0).padStart(6)} calls/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms${added}`,
  )
}
