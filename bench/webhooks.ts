import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { findRunning } from '#db'
import { sleep } from '#lib/clock'
import type { Bench } from './run.ts'
import { inFolder } from './support/folder.ts'
import { load, type LoadRequest, type LoadResult } from './support/load.ts'
import { freePort, home, startServer, type Running } from './support/processes.ts'

const aims = { p99: 25, million: 90, dispatched: 3000 }
const secret = 'bench-webhook-secret'
const token = 'bench-administrator-token'
const rounds = 3
const stored = 1_000_000

export const bench: Bench = {
  describe: 'webhooks that are verified, durable and acknowledged, beside what anybody would write first; and how soon they have an effect',
  run: () => inFolder(measure),
}

async function measure(dataDir: string): Promise<void> {
  const port = await freePort()
  const env = { HUB_DATA_DIR: dataDir, HUB_PORT: String(port), HUB_ADMIN_TOKEN: token, LOG_LEVEL: 'warn', HUB_EGRESS_ALLOW: '127.0.0.1' }
  await using hub = await startServer(process.execPath, [join(home, 'src/main.ts'), 'serve'], { env, port, ask: '/readyz' })
  await call(hub, { method: 'POST', path: '/api/v1/credentials', body: { name: 'github-webhook-secret', data: { token: secret } } })
  const address = (await findRunning(dataDir))!.address
  const admin = new pg.Client({ ...address, database: 'hub' })
  // Its server goes with the hub, whatever ended the bench.
  admin.on('error', () => undefined)
  await admin.connect()
  await admin.query('create database floor')
  const floor = (mode: 'verify' | 'insert') =>
    freePort().then((at) => {
      const args = [join(home, 'bench/support/webhook-floor.ts'), String(at), mode, JSON.stringify({ ...address, database: 'floor' })]
      return startServer(process.execPath, args, { env: {}, port: at, ask: '/' })
    })
  await using verify = await floor('verify')
  await using insert = await floor('insert')
  const settle = async (): Promise<void> => {
    for (;;) {
      const { rows } = await admin.query(`select exists (select from hub.event_queue) as busy`)
      if (rows[0].busy === false) return void (await admin.query('checkpoint'))
      await sleep(50)
    }
  }

  const results = new Map<string, LoadResult>()
  for (const bytes of [2048, 20_480]) {
    for (const callers of [32, 128]) {
      console.log(`${bytes / 1024} KB, ${callers} connections`)
      const contenders = { 'HTTP and HMAC only': verify, 'and one INSERT each': insert, 'the hub': hub }
      const found = await alternate(
        Object.entries(contenders),
        (server) => load(server.url, delivery(bytes), { callers, total: callers === 32 ? 8000 : 12_000 }),
        settle,
      )
      const [, plain, ours] = found
      for (const [index, name] of Object.keys(contenders).entries()) row(name, found[index]!)
      console.log(`  the hub: ${percent(ours!, plain!)} % of one INSERT each\n`)
      results.set(`${bytes} ${callers}`, ours!)
    }
  }
  console.log(`aims: at least 100 % of one INSERT each; p99 under ${aims.p99} ms at 32 connections\n`)

  await dispatchRate(admin)
  await latency(hub)

  await fill(admin)
  for (const bytes of [2048, 20_480]) {
    const [again] = await alternate([['the hub', hub]], (server) => load(server.url, delivery(bytes), { callers: 32, total: 8000 }), settle)
    row(`${bytes / 1024} KB, 32 conn.`, again!)
    console.log(`  ${percent(again!, results.get(`${bytes} 32`)!)} % of before (aim ${aims.million})`)
  }
  await admin.end()
}

/** A body that is like no other, and signed. */
function delivery(bytes: number): LoadRequest {
  const filler = randomBytes(bytes)
    .toString('base64')
    .slice(0, bytes - 200)
  return {
    method: 'POST',
    path: '/api/v1/webhooks/github',
    make() {
      const id = randomUUID()
      const body = JSON.stringify({ action: 'opened', id, issue: { number: 1 }, repository: { full_name: 'octo/cat' }, filler })
      const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
      return {
        body,
        headers: {
          'content-type': 'application/json',
          'x-github-event': 'issues',
          'x-github-delivery': id,
          'x-hub-signature-256': signature,
        },
      }
    },
  }
}

/** How many that nobody wants are handed on in a second. */
async function dispatchRate(admin: pg.Client): Promise<void> {
  const count = 20_000
  await admin.query(
    `with made as (${insertEvents} returning workspace_id, id) insert into hub.event_queue (workspace_id, event_id) select * from made`,
    [count],
  )
  const began = performance.now()
  for (;;) {
    const { rows } = await admin.query(`select exists (select from hub.event_queue) as busy`)
    if (rows[0].busy === false) break
    await sleep(10)
  }
  const perSecond = count / ((performance.now() - began) / 1000)
  console.log(`dispatch of events that nobody wants: ${perSecond.toFixed(0)} a second (aim ${aims.dispatched})`)
}

/** From the sender's request to the arrival at an outbound endpoint, one after the other. */
async function latency(hub: Running): Promise<void> {
  let arrived: (() => void) | undefined
  const receiver = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.end()
      arrived?.()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  await call(hub, { method: 'POST', path: '/api/v1/endpoints', body: { url, types: ['github.*'] } })
  await sleep(1500)
  const times: number[] = []
  for (let index = 0; index < 200; index++) {
    const { headers, body } = delivery(2048).make!()
    const began = performance.now()
    const effect = new Promise<void>((resolve) => (arrived = resolve))
    await fetch(`${hub.url}/api/v1/webhooks/github`, { method: 'POST', headers, body })
    await effect
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  console.log(
    `from the sender's request to the first effect (a delivery that arrived): p50 ${times[100]!.toFixed(1)} ms, p99 ${times[197]!.toFixed(1)} ms\n`,
  )
  const { items } = (await call(hub, { method: 'GET', path: '/api/v1/endpoints' })) as { items: { id: string }[] }
  for (const { id } of items) await call(hub, { method: 'DELETE', path: `/api/v1/endpoints/${id}` })
  receiver.closeAllConnections()
  receiver.close()
}

const insertEvents = `
  insert into hub.events (id, workspace_id, type, connector, dedupe_key, dedupe, delivery_id, verified, headers, body, received_at)
  select 'evt_' || gen_random_uuid(), w.id, 'github.issues', 'github', n::text, decode(md5(random()::text || n), 'hex'), n::text, true,
         '{"x-github-event": "issues"}', convert_to('{"n":' || n || ',"t":"' || repeat(md5(n::text), 12) || '"}', 'UTF8'), now()
    from generate_series(1, $1::int) as n, (select id from hub.workspaces where name = 'default') as w`

async function fill(admin: pg.Client): Promise<void> {
  const began = performance.now()
  for (let left = stored; left > 0; left -= 100_000) await admin.query(insertEvents, [100_000])
  await admin.query('vacuum analyze hub.events')
  console.log(`with ${stored.toLocaleString('en')} events stored (filled in ${((performance.now() - began) / 1000).toFixed(0)} s)`)
}

interface HubRequest {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

async function call(hub: Running, { method, path, body }: HubRequest): Promise<unknown> {
  const reply = await fetch(`${hub.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!reply.ok) throw new Error(`${method} ${path}: ${await reply.text()}`)
  return reply.status === 204 ? undefined : reply.json()
}

/** Each takes its turn in every round, so that a noisy moment hits all of them; the median round counts. */
async function alternate(
  servers: readonly (readonly [string, Running])[],
  run: (server: Running) => Promise<LoadResult>,
  between: () => Promise<void>,
): Promise<LoadResult[]> {
  const results: LoadResult[][] = servers.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, [, server]] of servers.entries()) {
      const result = await run(server)
      // The first round only warms up.
      if (round > 0) results[index]!.push(result)
      await between()
    }
  }
  return results.map((list) => list.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(list.length / 2)]!)
}

const percent = (one: LoadResult, other: LoadResult): string => ((one.perSecond / other.perSecond) * 100).toFixed(0)

function row(name: string, { perSecond, p50, p99 }: LoadResult): void {
  console.log(`  ${name.padEnd(20)} ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms`)
}
