import { execFile } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { findRunning } from '#db'
import { sleep } from '#lib/clock'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { freePort, home, startServer, type Running } from './support/processes.ts'

const aims = { share: 80, eventMs: 15, callMs: 10, callsPerSecond: 900, idlePercent: 1 }
const history = 100_000
const token = 'bench-administrator-token'
const secret = 'bench-webhook-secret'

interface Round {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

export const bench: Bench = {
  describe:
    'three-step flows a second beside plain statements, with and without history; one-step calls; and how soon an event has its first effect',
  run: () => inFolder(measure),
}

async function measure(dataDir: string): Promise<void> {
  const port = await freePort()
  const env = { HUB_DATA_DIR: dataDir, HUB_PORT: String(port), HUB_ADMIN_TOKEN: token, LOG_LEVEL: 'warn', HUB_EGRESS_ALLOW: '127.0.0.1' }
  // Serves for the latency, and lends its PostgreSQL to the contenders, which have a database each.
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  const { address } = (await findRunning(dataDir))!
  const admin = new pg.Client({ ...address, database: 'postgres' })
  // Its server goes with the hub, whatever ended the bench.
  admin.on('error', () => undefined)
  await admin.connect()
  const urlOf = (name: string): string =>
    `postgresql://${address.user}@/${name}?host=${encodeURIComponent(address.host)}&port=${address.port}`
  for (const name of ['floor', 'ours']) await admin.query(`create database ${name}`)

  const rounds = ['500', '2000', '2000']
  const floor = async (): Promise<Round> => best(await run('flow-floor.ts', [urlOf('floor'), ...rounds]))
  const ours = async (): Promise<Round> => best(await run('flow-hub.ts', [urlOf('ours'), dataDir, ...rounds]))
  const [bare, own] = [await floor(), await ours()]
  row('statements', bare)
  row('the hub', own, bare)
  console.log(`aim: ${aims.share} % of plain statements, each step its own commit\n`)

  const fill = new pg.Client({ ...address, database: 'ours' })
  await fill.connect()
  await fillHistory(fill)
  await fill.end()
  const later = await ours()
  console.log(`with ${history.toLocaleString('en')} runs of before`)
  row('the hub', later, own)
  console.log('aim: as without\n')
  await admin.end()
  await idleProcessor(hub)
  await callLatency(hub)
  await eventLatency(hub)
}

/** The processor time of the hub's process while nothing happens. The collection of garbage from its start comes before. */
async function idleProcessor({ child }: Running): Promise<void> {
  await sleep(10_000)
  const before = processorSeconds(child.pid!)
  await sleep(20_000)
  const share = (processorSeconds(child.pid!) - before) / 20
  console.log(`idle hub: ${(share * 100).toFixed(2)} % of a core (aim: at most ${aims.idlePercent} %)\n`)
}

function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  // User and system time, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** A flow of one step, called over HTTP with an answer at its end. */
async function callLatency(hub: Running): Promise<void> {
  await call(hub, '/api/v1/flows', { definition: { id: 'one-step', steps: [{ id: 'only', transform: '${{ 1 + 1 }}' }] } })
  console.log('a flow of one step, called with `?wait=30`')
  for (const clients of [1, 10, 50]) {
    const times: number[] = []
    const until = performance.now() + 8000
    const warm = until - 6000
    const lane = async (): Promise<void> => {
      while (performance.now() < until) {
        const began = performance.now()
        await call(hub, '/api/v1/flows/one-step/trigger?wait=30', {})
        if (began > warm) times.push(performance.now() - began)
      }
    }
    await Promise.all(Array.from({ length: clients }, lane))
    times.sort((a, b) => a - b)
    const [p50, p99] = [0.5, 0.99].map((share) => times[Math.floor(times.length * share)]!.toFixed(1))
    console.log(
      `  ${String(clients).padStart(2)} clients ${(times.length / 6).toFixed(0).padStart(5)} calls/s   p50 ${p50} ms, p99 ${p99} ms`,
    )
  }
  console.log(`aim: p50 at most ${aims.callMs} ms at 1 client, at least ${aims.callsPerSecond}/s at 50\n`)
}

async function run(file: string, args: readonly string[]): Promise<Round[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(home, 'bench/support', file), ...args], {
    cwd: home,
    timeout: 280_000,
  })
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"perSecond"'))
    .map((line) => JSON.parse(line) as Round)
}

/** The first round only warms up. */
function best(rounds: readonly Round[]): Round {
  return rounds.slice(1).toSorted((a, b) => b.perSecond - a.perSecond)[0]!
}

function row(name: string, { perSecond, p50, p99 }: Round, floor?: Round): void {
  const share = floor ? `   ${((perSecond / floor.perSecond) * 100).toFixed(0)} %` : ''
  const times = `${name === 'the hub' ? 'start under load' : 'whole run'} p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`
  console.log(`  ${name.padEnd(10)} ${perSecond.toFixed(0).padStart(6)} runs/s   ${times}${share}`)
}

async function fillHistory(db: pg.Client): Promise<void> {
  await db.query(
    `insert into hub.flow_runs (id, workspace_id, flow_id, flow, version, status, trigger, parameters, actor, scopes, read_only, created_at,
                                started_at, finished_at)
     select 'run_' || gen_random_uuid(), f.workspace_id, f.id, f.name, f.version, 'completed', '{"kind": "call"}', '{"n": 1}', f.actor, f.scopes,
            false, now(), now(), now() from generate_series(1, $1::int), hub.flows f where f.name = 'three-steps'`,
    [history],
  )
  await db.query(
    `insert into hub.flow_steps (run_id, path, step, kind, status, input, output, started_at, finished_at)
     select r.id, s, s, 'uses', 'completed', '{"n": 1}', '{"n": 2}', now(), now()
       from hub.flow_runs r, unnest(array['one', 'two', 'three']) s on conflict do nothing`,
  )
  await db.query('vacuum analyze')
}

/** From a sender's request to the arrival of the first step's call, one after the other. */
async function eventLatency(hub: Running): Promise<void> {
  let arrived: (() => void) | undefined
  const receiver = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":1}')
      arrived?.()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  await call(hub, '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: secret } })
  await call(hub, '/api/v1/integrations', {
    name: 'receiver',
    integration_type: 'http',
    config: { base_url: url, rate_limit_per_minute: 1_000_000 },
  })
  await call(hub, '/api/v1/flows', {
    definition: {
      id: 'told',
      on: [{ event: 'github.issues' }],
      steps: [{ id: 'tell', uses: 'http_request', with: { method: 'GET', path: '/' } }],
    },
  })
  await sleep(1500)
  const times: number[] = []
  for (let index = 0; index < 220; index++) {
    const body = JSON.stringify({ action: 'opened', id: randomUUID() })
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    const headers = { 'content-type': 'application/json', 'x-github-event': 'issues', 'x-hub-signature-256': signature }
    const effect = new Promise<void>((resolve) => (arrived = resolve))
    const began = performance.now()
    await fetch(`${hub.url}/api/v1/webhooks/github`, { method: 'POST', headers, body })
    await effect
    if (index >= 20) times.push(performance.now() - began)
    await sleep(20 + Math.random() * 60)
  }
  times.sort((a, b) => a - b)
  console.log(
    `from a webhook's request to the first step's call: p50 ${times[100]!.toFixed(1)} ms, p99 ${times[197]!.toFixed(1)} ms (aim: p50 under ${aims.eventMs} ms)`,
  )
  receiver.closeAllConnections()
  receiver.close()
}

async function call(hub: Running, path: string, body: unknown): Promise<void> {
  const reply = await fetch(`${hub.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await reply.text()
  if (!reply.ok) throw new Error(`${path}: ${text}`)
}
