import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { upstream } from '#kit/testing'
import { sleep } from '#lib/clock'
import { adminToken, freshDatabase, serveProcess, type HubProcess } from '#test'
import type { Broker, Published } from './brokers.ts'
import { until } from './wait.ts'
import { ask, deliver, hookSecret, hubSettings } from './webhooks.ts'

/** A campaign of many rounds runs for long, so a wait is bounded, but never short: other programs use the machine too. */
const patientMs = 180_000
const eventType = 'github.issues'

/** A hub, a broker, an agent and an upstream that counts. */
export interface BusBench extends AsyncDisposable {
  readonly broker: Broker
  /** How often each path was written upstream. */
  readonly acted: ReadonlyMap<string, number>
  /** The first arrivals of the events of each subject, in order. */
  readonly arrived: ReadonlyMap<string, ReadonlySet<number>>
  readonly database: pg.Client
  /** Starts a hub on the one database and the one broker. */
  serve(): Promise<HubProcess>
  /** Sends so many writes at once and returns their tasks. */
  sendWrites(count: number): Promise<string[]>
  /** Waits until every task is answered, and checks what was written for it. */
  settle(tasks: readonly string[]): Promise<Outcomes>
  /** Waits until every stored event has come, and checks their order and that nothing is left behind. Returns how many were stored since the last time. */
  settleEvents(load: Load): Promise<number>
}

export interface Outcomes {
  readonly completed: number
  readonly unknown: number
}

/** The first hub of the database is already set up, and its queues are on the disk of the broker. */
export async function startBusBench(start: () => Promise<Broker>): Promise<BusBench> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await start())
  const acted = new Map<string, number>()
  const api = stack.use(
    await upstream(async ({ method, path }) => {
      if (method === 'POST') acted.set(path, (acted.get(path) ?? 0) + 1)
      await sleep(randomInt(0, 15))
      return { body: { ok: 1 } }
    }),
  )
  const { url } = stack.use(await freshDatabase())
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  stack.defer(() => database.end())
  const env = {
    ...hubSettings,
    DATABASE_URL: url,
    HUB_CONNECTORS: join(import.meta.dirname, '../support/connector'),
    RATE_LIMIT_PER_MINUTE: '1000000',
    ...broker.env,
  }
  const answers = new Map<string, Published['body'][]>()
  const arrived = new Map<string, Set<number>>()
  const ids = new Set<string>()
  const agent = stack.use(
    await broker.agent(({ type, id, body }) => {
      if (type === eventType) {
        ids.add(id)
        const { full_name: subject } = body['repository'] as { full_name: string }
        arrived.set(subject, (arrived.get(subject) ?? new Set()).add(Number(body['number'])))
      } else if (type.startsWith('integrations.')) {
        const task = String(body['task_id'])
        answers.set(task, [...(answers.get(task) ?? []), body])
      }
    }),
  )
  {
    await using hub = await serveProcess(env)
    await ask(hub, '/api/v1/credentials', { name: 'github-webhook-secret', data: { token: hookSecret } })
    await ask(hub, '/api/v1/integrations', { integration_type: 'probe', access_token: 'probe-token', config: { base_url: api.url } })
    await until('the hub consumes commands', () => broker.isConsumed(), 60_000)
    await broker.durable()
  }
  let tasks = 0
  let eventsBefore = 0
  const owned = stack.move()

  return {
    broker,
    acted,
    arrived,
    database,
    serve: () => serveProcess(env),
    async sendWrites(count) {
      const made = Array.from({ length: count }, () => `task-${(tasks += 1)}`)
      await Promise.all(
        made.map((id) => agent.send({ tool_name: 'probe_create_thing', parameters: { at: `/w/${id}` }, task_id: id, step_id: '1' })),
      )
      return made
    },
    async settle(sent) {
      await until('every command is answered', () => sent.every((id) => answers.has(id)), patientMs).catch((error: unknown) => {
        const missing = sent.filter((id) => !answers.has(id))
        throw new Error(`${missing.length} of ${sent.length} commands are not answered: ${missing.slice(0, 10).join()}`, { cause: error })
      })
      const twice = [...acted].filter(([, times]) => times > 1)
      assert.deepEqual(twice, [], 'written twice')
      const outcomes = sent.map((id) => {
        const own = answers.get(id)!
        // An answer that is given again is the same one.
        const said = new Set(own.map(({ status, error_code: code }) => (status === 'completed' ? 'completed' : String(code))))
        assert.equal(said.size, 1, JSON.stringify(own))
        const [outcome] = said
        assert.ok(outcome === 'completed' || outcome === 'outcome_unknown', JSON.stringify(own))
        if (outcome === 'completed') assert.equal(acted.get(`/w/${id}`), 1, `${id} is told as completed`)
        return outcome
      })
      const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length
      return { completed: count('completed'), unknown: count('outcome_unknown') }
    },
    async settleEvents({ accepted }) {
      const rowsOf = async (query: string): Promise<string[]> => (await database.query<{ id: string }>(query)).rows.map(({ id }) => id)
      await until(
        'no event waits any more',
        async () => (await rowsOf('select event_id as id from hub.event_queue')).length === 0,
        patientMs,
      )
      await until(
        'nothing waits for the broker',
        async () => (await rowsOf('select event_id as id from hub.bus_queue')).length === 0,
        patientMs,
      )
      const stored = await rowsOf(`select id from hub.events where type = '${eventType}'`)
      const missing = (): string[] => stored.filter((id) => !ids.has(id))
      await until('every stored event comes', () => missing().length === 0, patientMs).catch((error: unknown) => {
        throw new Error(`${missing().length} of ${stored.length} stored events did not come`, { cause: error })
      })
      for (const [subject, numbers] of accepted) {
        const sent = new Set(numbers)
        const came = [...(arrived.get(subject) ?? [])].filter((number) => sent.has(number))
        assert.deepEqual(came, numbers, `the events of ${subject} are lost or out of order`)
      }
      assert.equal(await broker.deadLetters(), 0, 'commands are in the dead letters')
      const events = stored.length - eventsBefore
      eventsBefore = stored.length
      return events
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export interface Load extends AsyncDisposable {
  /** The numbers of the webhooks that were accepted, by their subject, in order. */
  readonly accepted: ReadonlyMap<string, readonly number[]>
  /** How long each request took, in milliseconds. */
  readonly took: readonly number[]
  /** Waits as `until` does, and throws as soon as a request has failed. */
  until(what: string, look: () => boolean): Promise<void>
  /** Ends the load, and throws if a request has failed. */
  stop(): Promise<void>
}

const subjects = ['octo/a', 'octo/b', 'octo/c']
const betweenMs = 100
let numbers = 0

/** Webhooks and calls of tools, one after the other for each subject, to the hubs that are in the list. Only hubs that are killed may fail. */
export function startLoad(hubs: readonly HubProcess[]): Load {
  const accepted = new Map<string, number[]>(subjects.map((subject) => [subject, []]))
  const took: number[] = []
  let stopped = false
  const timed = async <T>(request: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const answer = await request()
    took.push(performance.now() - began)
    return answer
  }
  const ends = subjects.map(async (subject, index) => {
    for (let place = index; !stopped; place++) {
      await sleep(betweenMs)
      const hub = hubs[place % hubs.length]
      if (!hub) continue
      const number = (numbers += 1)
      try {
        const reply = await timed(() => deliver(hub, { number, repository: { full_name: subject } }))
        assert.equal(reply.status, 202, await reply.text())
        accepted.get(subject)!.push(number)
        await timed(() => ask(hub, '/api/v1/tools/probe_get_thing/invoke', { input: { at: '/r' } }))
      } catch (error) {
        // Fetch throws a TypeError where no answer came. Whether the webhook was stored is not known then.
        if (!hub.child.killed || !(error instanceof TypeError)) throw error
      }
    }
  })
  const ended = Promise.all(ends)
  // Whoever waits, or stops the load, gets the error.
  ended.catch(() => undefined)
  const stop = async (): Promise<void> => {
    stopped = true
    await ended
  }
  return {
    accepted,
    took,
    stop,
    until: async (what, look) => void (await Promise.race([ended, until(what, look, patientMs)])),
    async [Symbol.asyncDispose]() {
      stopped = true
      await ended.catch(() => undefined)
    },
  }
}

export interface Campaign {
  readonly rounds: number
  /** Told after each round. */
  readonly onRound: (done: number) => void
}

export interface Figures extends Outcomes {
  readonly commands: number
  readonly events: number
}

const commandsAtOnce = 40
/** Commands that were interrupted need some seconds with a hub that lives. After 50 deliveries the broker would move them to the dead letters. */
const killsInARow = 10

/** Kills the hub so often while it handles commands and webhooks. */
export async function killHubs(bench: BusBench, { rounds, onRound }: Campaign): Promise<Figures> {
  await using stack = new AsyncDisposableStack()
  const hubs: HubProcess[] = []
  stack.defer(async () => {
    await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()))
  })
  const load = stack.use(startLoad(hubs))
  const sums = sumOf()
  let tasks: string[] = []
  for (let round = 1; round <= rounds; round++) {
    if (hubs.length === 0) hubs.push(await bench.serve())
    const [hub] = hubs
    const before = bench.acted.size
    const sending = bench.sendWrites(commandsAtOnce)
    await load.until('the hub writes', () => bench.acted.size > before)
    await sleep(randomInt(0, 100))
    hub!.child.kill('SIGKILL')
    hubs.pop()
    await hub!.exited
    tasks.push(...(await sending))
    if (round % killsInARow === 0 || round === rounds) {
      hubs.push(await bench.serve())
      sums.add(await bench.settle(tasks))
      tasks = []
    }
    onRound(round)
  }
  await load.stop()
  return { ...sums.get(), events: await bench.settleEvents(load) }
}

/** Ends the broker so often, killed and stopped in turn, while the hub handles commands and webhooks. */
export async function restartBroker(
  bench: BusBench,
  { rounds, onRound }: Campaign,
): Promise<Figures & { readonly requests: number; readonly slowestMs: number }> {
  await using hub = await bench.serve()
  await using load = startLoad([hub])
  const { broker } = bench
  const sums = sumOf()
  let requests = 0
  let slowestMs = 0
  for (let round = 1; round <= rounds; round++) {
    const before = bench.acted.size
    const sending = bench.sendWrites(commandsAtOnce)
    await load.until('the hub writes', () => bench.acted.size > before)
    await sleep(randomInt(0, 100))
    await (round % 2 === 0 ? broker.stop() : broker.kill())
    const mark = load.took.length
    const without = bench.sendWrites(commandsAtOnce / 4)
    await load.until('requests are answered without a broker', () => load.took.length >= mark + 10)
    await broker.start()
    const during = load.took.slice(mark)
    requests += during.length
    slowestMs = Math.max(slowestMs, ...during)
    const restored = broker.durable()
    sums.add(await bench.settle([...(await sending), ...(await without)]))
    await restored
    onRound(round)
  }
  await load.stop()
  return { ...sums.get(), events: await bench.settleEvents(load), requests, slowestMs: Math.round(slowestMs) }
}

/** How long the other hub needed in each round, in milliseconds after the kill, the shortest first. */
interface TakeOver {
  /** Until the first event came that was stored after the kill. */
  readonly publishedMs: readonly number[]
  /** Until all commands were answered that were sent before the kill. */
  readonly answeredMs: readonly number[]
}

/** Two hubs share a database and a broker. The one that publishes events is killed so often, and another one starts in its place. */
export async function killOneOfTwo(bench: BusBench, { rounds, onRound }: Campaign): Promise<Figures & TakeOver> {
  await using stack = new AsyncDisposableStack()
  const hubs: HubProcess[] = []
  stack.defer(async () => {
    await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()))
  })
  for (let count = 0; count < 2; count++) hubs.push(await bench.serve())
  const load = stack.use(startLoad(hubs))
  const sums = sumOf()
  const publishedMs: number[] = []
  const answeredMs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const victim = await until('one of the two publishes', () => publisherAmong(bench, hubs), patientMs)
    const before = bench.acted.size
    const sending = bench.sendWrites(commandsAtOnce)
    await load.until('the hubs write', () => bench.acted.size > before)
    await sleep(randomInt(0, 100))
    const killed = performance.now()
    const passed = (): number => Math.round(performance.now() - killed)
    victim.child.kill('SIGKILL')
    hubs.splice(hubs.indexOf(victim), 1)
    await victim.exited
    const tasks = await sending
    const firstEvent = async (): Promise<void> => {
      const [subject, accepted] = [...load.accepted][0]!
      const mark = accepted.length
      await load.until('the other hub accepts webhooks', () => accepted.length > mark)
      await load.until('the other hub publishes', () => bench.arrived.get(subject)?.has(accepted[mark]!) ?? false)
      publishedMs.push(passed())
    }
    const answers = async (): Promise<void> => {
      sums.add(await bench.settle(tasks))
      answeredMs.push(passed())
    }
    await Promise.all([firstEvent(), answers()])
    hubs.push(await bench.serve())
    onRound(round)
  }
  await load.stop()
  const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)
  return { ...sums.get(), events: await bench.settleEvents(load), publishedMs: sorted(publishedMs), answeredMs: sorted(answeredMs) }
}

async function publisherAmong({ database }: BusBench, hubs: readonly HubProcess[]): Promise<HubProcess | undefined> {
  const { rows } = await database.query<{ pid: number }>('select e.pid from hub.buses b join hub.executors e on e.id = b.leased_by')
  return hubs.find(({ child }) => child.pid === rows[0]?.pid)
}

function sumOf() {
  let sum = { commands: 0, completed: 0, unknown: 0 }
  return {
    add({ completed, unknown }: Outcomes): void {
      const commands = sum.commands + completed + unknown
      sum = { commands, completed: sum.completed + completed, unknown: sum.unknown + unknown }
    },
    get: () => sum,
  }
}

/** The value of a metric of the hub for a broker. */
export async function busMetric(hub: HubProcess, { bus }: Broker, name: string): Promise<number> {
  const reply = await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${adminToken}` } })
  const values = (await reply.text()).split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(`bus="${bus}"`))
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
