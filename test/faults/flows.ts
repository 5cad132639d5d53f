import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { upstream, type Upstream } from '#kit/testing'
import { sleep } from '#lib/clock'
import { freshDatabase, serveProcess, testHub, type HubProcess } from '#test'
import { kill } from './processes.ts'
import { until } from './wait.ts'
import { ask, deliver, hookSecret, hubSettings } from './webhooks.ts'

/** Two hubs on one database, an outside system that counts writes, and flows that use every kind of step. */
export interface FlowField extends AsyncDisposable {
  readonly hubs: HubProcess[]
  readonly client: pg.Client
  /** The number of outside writes by path. */
  readonly writes: ReadonlyMap<string, number>
  /** The lethal tool reads this before it kills its process. */
  spared: boolean
  start(place: number): Promise<HubProcess>
  kill(place: number): Promise<void>
  save(source: string): Promise<void>
  count(query: string): Promise<number>
}

const flows = [
  `
id: load
on: [{ event: github.issues, parameters: { number: "\${{ event.data.number }}" } }]
parameters: { type: object, properties: { number: { type: integer } }, required: [number] }
steps:
  - { id: first, uses: probe_create_thing, with: { at: "/\${{ run.id }}/first" } }
  - id: each
    for_each:
      in: [1, 2, 3]
      max_parallel: 3
      steps: [{ id: item, uses: probe_create_thing, with: { at: "/\${{ run.id }}/item-\${{ index }}" } }]
  - { id: flaky, uses: probe_get_thing, with: { at: "/\${{ run.id }}/flaky" }, retry: { attempts: 9, backoff: 100ms } }
  - { id: pause, wait: 2100ms }
  - { id: sub, flow: inner, with: { of: "\${{ run.id }}" } }
  - { id: told, emit: { type: chaos.done, subject: "\${{ run.id }}" } }
outputs: { sum: "\${{ $sum(steps.each.output.ok) }}", inner: "\${{ steps.sub.output.ok }}" }`,
  `
id: inner
parameters: { type: object, properties: { of: { type: string } }, required: [of] }
steps: [{ id: within, uses: probe_create_thing, with: { at: "/\${{ parameters.of }}/inner" } }]
outputs: { ok: "\${{ steps.within.output.ok }}" }`,
  `
id: follow
on: [{ event: chaos.done }]
steps: [{ id: last, uses: probe_create_thing, with: { at: "/\${{ event.subject }}/follow" } }]`,
]

/** What a load run writes outside. */
const places = ['first', 'item-0', 'item-1', 'item-2', 'inner']

async function flowField(slowMs: readonly [number, number]): Promise<FlowField> {
  await using stack = new AsyncDisposableStack()
  const writes = new Map<string, number>()
  const looks = new Map<string, number>()
  const flaky = new Set<string>()
  const field = { spared: false }
  const api: Upstream = stack.use(
    await upstream(async ({ method, path }) => {
      if (path === '/spared') return { body: { spared: field.spared } }
      const seen = method === 'GET' ? looks : writes
      const times = (seen.get(path) ?? 0) + 1
      seen.set(path, times)
      await sleep(randomInt(...slowMs))
      // Of one run in twenty, and not as an error that would have the integration disabled.
      if (method === 'GET' && times === 1 && looks.size % 20 === 1) flaky.add(path)
      return flaky.has(path) && times < 3 ? { status: 429, body: {}, headers: { 'retry-after': '0' } } : { body: { ok: 1 } }
    }),
  )
  const database = stack.use(await freshDatabase())
  const env = {
    ...hubSettings,
    DATABASE_URL: database.url,
    HUB_CONNECTORS: ['connector', 'lethal'].map((name) => join(import.meta.dirname, '../support', name)).join(','),
    RATE_LIMIT_PER_MINUTE: '1000000',
    MAX_RETRY_ATTEMPTS: '0',
  }
  const desk = stack.use(await testHub({ ...env, LOG_LEVEL: 'silent' }))
  const operator = await desk.hub.access.operator('tester')
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  stack.defer(() => client.end())
  const config = { base_url: api.url }
  for (const name of ['probe', 'lethal'])
    await desk.hub.integrations.create(operator, { name, connector: name, credential: { token: 'probe-token-value' }, config })
  for (const source of flows.toReversed()) await desk.hub.flows.save(operator, source)
  const hubs: HubProcess[] = []
  stack.defer(async () => void (await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()))))
  const start = async (place: number): Promise<HubProcess> => (hubs[place] = await serveProcess(env))
  await Promise.all([start(0), start(1)])
  await ask(hubs[0]!, '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: hookSecret } })
  const owned = stack.move()
  return Object.assign(field, {
    hubs,
    client,
    writes,
    start,
    async kill(place: number) {
      kill(hubs[place]!.child.pid!)
      await hubs[place]!.exited
    },
    save: async (source: string) => void (await desk.hub.flows.save(operator, source)),
    count: async (query: string) => (await client.query<{ count: number }>(`select count(*)::int as count from ${query}`)).rows[0]!.count,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  })
}

export interface Tally {
  readonly runs: number
  readonly completed: number
  readonly unknown: number
  /** The longest time until another process took over the work of a dead one. */
  readonly takenOverMs: number
}

/** Kills the two hubs in turn under load, then checks every run, write and event. */
export async function killUnderFlows({ rounds, load }: { readonly rounds: number; readonly load: number }): Promise<Tally> {
  await using field = await flowField([20, 150])
  let number = 0
  let takenOverMs = 0
  const acknowledged = new Set<string>()
  const send = async (place: number): Promise<void> => {
    const reply = await deliver(field.hubs[place]!, { number: (number += 1) }).catch(() => undefined)
    if (reply?.status === 202) acknowledged.add(((await reply.json()) as { id: string }).id)
  }
  for (let round = 0; round < rounds; round++) {
    const place = round % 2
    const sending = Array.from({ length: load }, async (_, index) => {
      await sleep(randomInt(0, 600))
      await send((place + 1 + (index % 4 === 0 ? 1 : 0)) % 2)
    })
    const { rows } = await field.client.query<{ id: string }>('select id from hub.executors where pid = $1', [field.hubs[place]!.child.pid])
    const left = `hub.jobs where executor_id = '${rows[0]!.id}'`
    await until('it has much to do', async () => (await field.count(left)) >= 3, 20_000)
    await sleep(randomInt(0, 200))
    await field.kill(place)
    const died = Date.now()
    await until('the other took its work', async () => (await field.count(left)) === 0, 60_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${field.hubs[1 - place]!.output().slice(-3000)}`)
    })
    takenOverMs = Math.max(takenOverMs, Date.now() - died)
    await Promise.all(sending)
    if (round < rounds - 1) await field.start(place)
  }
  return { ...(await settle(field, acknowledged)), takenOverMs }
}

/** Waits until no run is active and compares the results with the expected ones. */
async function settle(field: FlowField, acknowledged: ReadonlySet<string>): Promise<Omit<Tally, 'takenOverMs'>> {
  const { client, count, writes } = field
  await until(
    'every run is over',
    async () => (await count('hub.event_queue')) + (await count('hub.flow_runs where finished_at is null')) === 0,
    90_000,
  )
  const { rows } = await client.query<{ id: string; flow: string; status: string; event_id: string; code: string | null; outputs: any }>(
    `select id, flow, status, event_id, error ->> 'code' as code, outputs from hub.flow_runs`,
  )
  const odd = rows.filter(({ status, code }) => status !== 'completed' && !(status === 'failed' && code === 'outcome_unknown'))
  const { rows: integrations } = await client.query('select name, last_error from hub.integrations')
  assert.deepEqual(odd, [], JSON.stringify(integrations))
  const runs = rows.filter(({ flow }) => flow === 'load')
  const events = (await client.query<{ id: string }>(`select id from hub.events where type = 'github.issues'`)).rows.map(({ id }) => id)
  assert.deepEqual(runs.map(({ event_id }) => event_id).toSorted(), events.toSorted(), 'each event is one run')
  const lost = [...acknowledged].filter((id) => !events.includes(id))
  assert.deepEqual(lost, [])
  assert.deepEqual(
    [...writes].filter(([, times]) => times > 1),
    [],
    'written twice',
  )
  const completed = runs.filter(({ status }) => status === 'completed')
  for (const { id, outputs } of completed) {
    for (const place of places) assert.equal(writes.get(`/${id}/${place}`), 1, `${id} ${place}`)
    assert.deepEqual(outputs, { sum: 3, inner: 1 })
  }
  const told = (await client.query<{ subject: string }>(`select subject from hub.events where type = 'chaos.done'`)).rows
  assert.deepEqual(told.map(({ subject }) => subject).toSorted(), completed.map(({ id }) => id).toSorted(), 'each tells once')
  assert.equal(rows.filter(({ flow }) => flow === 'follow').length, completed.length)
  await until('the engine is done', async () => (await count('hub.jobs')) === 0)
  assert.equal(await count(`hub.flow_steps where status in ('running', 'waiting')`), 0)
  return { runs: runs.length, completed: completed.length, unknown: rows.filter(({ code }) => code === 'outcome_unknown').length }
}

/** Stops one of two hubs as an operator does, while both execute runs. */
export async function stopUnderFlows(load: number): Promise<Omit<Tally, 'takenOverMs'>> {
  await using field = await flowField([100, 400])
  const acknowledged = new Set<string>()
  for (let number = 1; number <= load; number++) {
    const reply = await deliver(field.hubs[number % 2]!, { number })
    acknowledged.add(((await reply.json()) as { id: string }).id)
  }
  const { pid } = field.hubs[0]!.child
  const has = `hub.jobs j join hub.executors e on e.id = j.executor_id where e.pid = ${pid}`
  await until('it has much to do', async () => (await field.count(has)) >= load / 6, 20_000)
  field.hubs[0]!.child.kill('SIGTERM')
  assert.equal(await field.hubs[0]!.exited, 0, field.hubs[0]!.output())
  const tally = await settle(field, acknowledged)
  assert.doesNotMatch(field.hubs[1]!.output(), /took over the jobs of a dead process/, 'nobody died')
  return tally
}

/** A run kills each process that executes it until the hub quarantines it. Then it is allowed to finish. */
export async function killByFlow(): Promise<void> {
  await using field = await flowField([0, 1])
  await field.save(`
id: lethal
on: [{ event: github.issues }]
steps: [{ id: before, transform: 1 }, { id: kills, uses: lethal_kill_process }]
outputs: { spared: "\${{ steps.kills.output.spared }}" }`)
  await field.save(`
id: heard
on: [{ event: flow.quarantined }]
steps: [{ id: said, transform: "\${{ event.data.flow }}: \${{ event.data.error.message }}" }]
outputs: { said: "\${{ steps.said.output }}" }`)
  await deliver(field.hubs[0]!, { number: 1 })
  const dead = (): number | undefined => [0, 1].find((place) => field.hubs[place]!.child.signalCode === 'SIGKILL')
  for (let death = 1; death <= 3; death++) {
    await until('it kills', () => dead() !== undefined, 20_000)
    await field.start(dead()!)
  }
  const runs = (): Promise<any[]> =>
    field.client.query('select id, flow, status, error, outputs from hub.flow_runs').then(({ rows }) => rows)
  const of = async (flow: string): Promise<any> => (await runs()).find((run) => run.flow === flow)
  await until('the run is quarantined', async () => (await of('lethal')).status === 'quarantined', 20_000)
  const { id, error } = await of('lethal')
  assert.deepEqual([error.code, error.retryable], ['run_quarantined', false])
  await until('it is told', async () => (await of('heard'))?.status === 'completed')
  assert.match((await of('heard')).outputs.said, /^lethal: the process died three times/)
  assert.equal(dead(), undefined, 'nobody takes it up any more')
  field.spared = true
  await ask(field.hubs[0]!, `/api/v1/runs/${id}/retry`, {})
  await until('it goes on', async () => (await of('lethal')).status === 'completed')
  assert.deepEqual((await of('lethal')).outputs, { spared: true })
  assert.equal(await field.count(`hub.flow_steps where run_id = '${id}' and path = 'before'`), 1)
}
