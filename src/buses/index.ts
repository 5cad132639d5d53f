import { allows, type Access, type Principal } from '#access'
import type { Database } from '#db'
import type { Engine, Poller } from '#engine'
import { HubError, hubError } from '#errors'
import type { Events, Subscriber } from '#events'
import { busPoller } from '#events/publish'
import type { Integrations } from '#integrations'
import type { BusName } from '#lib/bus-names'
import { newId } from '#lib/ids'
import { once } from '#lib/once'
import { ttlCache } from '#lib/ttl-cache'
import type { Telemetry } from '#telemetry'
import { createLocalBus } from './local.ts'
import { createPublishing } from './publisher.ts'
import { createRecentMessages, type RecentMessage } from './recent.ts'
import {
  backlogs,
  busesOf,
  deleteBus,
  enqueue,
  localWorkspaces,
  putBus,
  releaseBuses,
  subscribedTypes,
  targetOf,
  type Backlog,
} from './store.ts'
import { tail } from './tail.ts'
import { topicOn } from './topic-on.ts'
import { allWanted, createTopics } from './topics.ts'
import type { Bus, BusState, Message, Received } from './types.ts'

export { createAmqpBus } from './amqp/index.ts'
export { createLocalBus } from './local.ts'
export { createPulsarBus } from './pulsar/index.ts'
export type { RecentMessage } from './recent.ts'
export { messageOf } from './message-of.ts'
export { readMessage } from './read-message.ts'
export type { Bus, BusState, Consumer, Consuming, Message, Received, Verdict } from './types.ts'

/** A bus outside that the operator connected, and the token that it acts with. */
export interface BusSetting {
  readonly name: Exclude<BusName, 'local'>
  readonly open: () => Bus
  readonly token: string
  /** The name of the setting that holds the token. */
  readonly tokenSetting: string
  /** The types of the events that are published there. */
  readonly types: readonly string[]
  readonly prefetch: number
}

/** A bus that is open in this process. */
export interface OpenBus {
  readonly bus: Bus
  readonly prefetch: number
  /** In whose name commands act, with the rights that the token has now. */
  principal(): Promise<Principal>
}

type Opened = OpenBus & BusSetting

export interface BusReport {
  readonly name: BusName
  /** Undefined where this process is not connected to it. */
  readonly state: BusState | undefined
  readonly types: readonly string[]
  readonly waiting: number
  readonly oldest: Date | undefined
}

export interface Buses extends AsyncDisposable {
  /** The buses of this process outside. The first use opens them. */
  open(): readonly OpenBus[]
  /** The buses of a workspace. */
  list(workspaceId: string): Promise<readonly BusReport[]>
  /** The state of each bus outside and what waits for it, for monitoring. */
  overview(): Promise<readonly Omit<BusReport, 'types'>[]>
  /** The last messages of this process, the newest first. */
  recent(workspaceId: string): readonly RecentMessage[]
  /** The messages of a topic from now on, beside those who receive them anyway. */
  tail(principal: Principal, name: BusName, reading: { topic: string; signal: AbortSignal | undefined }): Promise<AsyncIterable<Received>>
  noteCommand(workspaceId: string, message: Omit<RecentMessage, 'at' | 'direction'>): void
  /** Asks the broker something. Returns how many milliseconds the answer took. */
  ping(principal: Principal, name: BusName): Promise<number>
  /** Publishes a message and returns when the broker has confirmed it. */
  publish(principal: Principal, name: BusName, message: Pick<Message, 'topic' | 'key' | 'body'>): Promise<{ id: string }>
  /** Forgets a bus that no process is connected to any more, with everything that waits for it. */
  remove(principal: Principal, name: BusName): Promise<void>
  /** Receives the events that are to be published. */
  readonly subscriber: Subscriber
  readonly pollers: readonly Poller[]
}

export interface BusesDeps extends Telemetry {
  readonly db: Database
  readonly engine: Engine
  readonly access: Access
  readonly events: Events
  readonly integrations: Integrations
}

/** Where refused tokens of buses come from, for the brake on failed attempts. */
const ownAddress = 'bus'
const idleMs = 1000
const retryMs = 2000
const topicsEveryMs = 2000
const registerEveryMs = 10_000
const connectMs = 5000

export function createBuses(deps: BusesDeps, settings: readonly BusSetting[]): Buses {
  const { db, engine, access, events, metrics, logger } = deps
  const recent = createRecentMessages()
  const publishing = createPublishing({ ...deps, recent })
  const local = createLocalBus()
  let opened: readonly Opened[] | undefined

  const open = (): readonly Opened[] =>
    (opened ??= settings.map((setting) => {
      const bus = setting.open()
      bus.onState(() => {
        metrics.busConnected.set({ bus: bus.name }, bus.state().status === 'connected' ? 1 : 0)
        engine.wake(busPoller)
      })
      metrics.busConnected.set({ bus: bus.name }, 0)
      return { ...setting, bus, principal: () => access.authenticate(setting.token, ownAddress) }
    }))

  /** What is wrong with the tokens of buses, told once and shown until it is over. */
  const faults = new Map<BusName, string>()
  const note = (name: BusName, fault: string | undefined): void => {
    if (fault === undefined) faults.delete(name)
    else if (faults.get(name) !== fault) {
      faults.set(name, fault)
      logger.warn({ bus: name }, fault)
    }
  }

  const principalOf = async ({ principal, tokenSetting, name }: Opened): Promise<Principal | undefined> => {
    try {
      const found = await principal()
      const lacking = ['events:read', 'events:write'].filter((scope) => !allows(found, scope))
      const parts = lacking.map((scope) => (scope === 'events:read' ? 'no events are published' : 'no topics are received'))
      note(name, lacking.length === 0 ? undefined : `the token in ${tokenSetting} lacks ${lacking.join(' and ')}: ${parts.join(', ')}`)
      return found
    } catch (error) {
      if (!(error instanceof HubError) || error.entry.retryable) throw error
      note(name, `the token in ${tokenSetting} is unknown, expired or revoked: nothing is published or received`)
      return undefined
    }
  }

  /** Stores that the workspace of the token publishes there. Read again now and then, because tokens change. */
  const registered = ttlCache(registerEveryMs, async (setting: Opened): Promise<string | undefined> => {
    const principal = await principalOf(setting)
    if (!principal || !allows(principal, 'events:read')) return undefined
    const { workspaceId } = principal
    const { name, types } = setting
    await db.transaction(async (trx) => {
      await putBus(trx, { workspaceId, name, types })
      const target = targetOf(workspaceId, name)
      const before = await subscribedTypes(trx, workspaceId, name)
      if (before && before.join() === types.join()) return
      await events.unsubscribe(trx, 'bus', target)
      await events.subscribe(trx, { workspaceId, kind: 'bus', target, types, filter: null, ordered: false, detail: null })
    })
    return workspaceId
  })

  const publishAll = async (): Promise<number> => {
    let pause = idleMs
    for (const setting of open()) {
      const workspaceId = await registered.get(setting)
      if (workspaceId === undefined) continue
      const published = await publishing.outside(setting.bus, workspaceId)
      if (published === 'more') pause = 0
      if (published === 'failed' && pause > 0) pause = retryMs
    }
    for (const workspaceId of await localWorkspaces(db.sql)) if ((await publishing.inside(local, workspaceId)) === 'more') pause = 0
    return pause
  }

  const topics = createTopics({ ...deps, recent }, local)
  const outside = new Map<string, ReturnType<typeof createTopics>>()

  const followTopics = async (): Promise<number> => {
    const wanted = await allWanted(deps)
    const connected = new Set<string>()
    for (const setting of open()) {
      const principal = await principalOf(setting)
      if (!principal || !allows(principal, 'events:write')) {
        await outside.get(setting.name)?.pause()
        continue
      }
      connected.add(principal.workspaceId)
      const consumers = outside.get(setting.name) ?? createTopics({ ...deps, recent }, setting.bus)
      outside.set(setting.name, consumers)
      await consumers.follow(wanted.filter(({ workspaceId }) => workspaceId === principal.workspaceId))
    }
    await topics.follow(wanted.filter(({ workspaceId }) => !connected.has(workspaceId)))
    return topicsEveryMs
  }

  const measure = async (): Promise<void> => {
    const byBus = await backlogs(db.sql)
    for (const name of ['local', ...settings.map((setting) => setting.name)] as const) {
      const backlog = byBus.get(name)
      metrics.busWaiting.set({ bus: name }, backlog?.waiting ?? 0)
      metrics.busLag.set({ bus: name }, backlog ? Math.max(0, (Date.now() - backlog.oldest.getTime()) / 1000) : 0)
    }
  }

  /** The open bus of this name, if the caller's workspace is the one that its token belongs to. */
  const busFor = async ({ workspaceId }: Principal, name: BusName): Promise<Bus> => {
    if (name === 'local') return local
    const found = open().find((one) => one.name === name)
    if (!found || (await principalOf(found))?.workspaceId !== workspaceId)
      throw hubError('bus_unknown', { detail: `this workspace is not connected to ${name}` })
    await waitFor(found.bus)
    return found.bus
  }

  const stateOf = (name: BusName): BusState | undefined => {
    const state = name === 'local' ? local.state() : opened?.find((one) => one.name === name)?.bus.state()
    return state && { ...state, problem: state.problem ?? faults.get(name) }
  }

  const reportOf = (name: BusName, backlog: Backlog | undefined): Omit<BusReport, 'types'> => ({
    name,
    state: stateOf(name),
    waiting: backlog?.waiting ?? 0,
    oldest: backlog?.oldest,
  })

  return {
    open,
    async list(workspaceId) {
      const rows = await busesOf(db.sql, workspaceId)
      const found = await backlogs(db.sql, workspaceId)
      const report = (name: BusName) => reportOf(name, found.get(name))
      return [
        ...rows.map(({ name, types }) => ({ ...report(name as BusName), types })),
        ...(rows.length === 0 ? [{ ...report('local'), types: [] }] : []),
      ]
    },
    async overview() {
      const found = await backlogs(db.sql)
      return settings.map(({ name }) => reportOf(name, found.get(name)))
    },
    recent: recent.list,
    async tail(principal, name, { topic, signal }) {
      const bus = await busFor(principal, name)
      return tail(bus, topicOn(bus, principal.workspaceId, topic), signal)
    },
    noteCommand: (workspaceId, message) => recent.add(workspaceId, { ...message, direction: 'in' }),
    async ping(principal, name) {
      const bus = await busFor(principal, name)
      const began = performance.now()
      await bus.ping()
      return performance.now() - began
    },
    async publish(principal, name, { topic, key, body }) {
      const bus = await busFor(principal, name)
      if (body.length > bus.maxBytes)
        throw hubError('body_too_large', { detail: `the message has ${body.length} bytes; ${name} takes ${bus.maxBytes}` })
      const id = newId('msg')
      const place = topicOn(bus, principal.workspaceId, topic)
      const [confirmed] = await bus.publish([{ topic: place, key, body, id, contentType: 'application/json', properties: {} }])
      if (!confirmed)
        throw hubError('bus_unavailable', { detail: `${name} did not confirm the message: ${bus.state().problem ?? 'no reason given'}` })
      recent.add(principal.workspaceId, { bus: name, direction: 'out', topic, key, id, bytes: body.length })
      return { id }
    },
    async remove({ workspaceId }, name) {
      await db.transaction(async (trx) => {
        await events.unsubscribe(trx, 'bus', targetOf(workspaceId, name))
        if (!(await deleteBus(trx, workspaceId, name)))
          throw hubError('bus_unknown', { detail: `this workspace is not connected to ${name}` })
      })
    },
    subscriber: {
      async prepare(matches) {
        const rows = matches.map(({ event, subscription }) =>
          // What came over a bus is not published again, because it would go round for ever.
          event.type.startsWith('bus.')
            ? undefined
            : { workspaceId: event.workspaceId, bus: nameIn(subscription.target), eventId: event.id },
        )
        return async (trx) => {
          await enqueue(
            trx,
            rows.filter((row) => row !== undefined),
          )
          db.afterCommit(trx, () => engine.wake(busPoller))
          return rows.map((row) => row && `${row.bus}:${row.eventId}`)
        }
      },
    },
    pollers: [
      { name: busPoller, restMs: 5, run: publishAll },
      { name: 'bus-topics', run: followTopics },
      {
        name: 'bus-lag',
        async run() {
          await measure()
          return 5000
        },
      },
    ],
    [Symbol.asyncDispose]: once(async () => {
      await Promise.all([topics, ...outside.values()].map((consumers) => consumers.pause()))
      await Promise.all([...(opened ?? []).map(({ bus }) => bus), local].map((bus) => bus[Symbol.asyncDispose]()))
      if (opened && opened.length > 0) await releaseBuses(db.sql, engine.executorId)
    }),
  }
}

const nameIn = (target: string): string => target.slice(target.lastIndexOf('/') + 1)

/** A bus that was just opened needs a moment. */
async function waitFor(bus: Bus): Promise<void> {
  if (bus.state().status === 'connected') return
  await new Promise<void>((resolve) => {
    const endListening = bus.onState(() => {
      if (bus.state().status === 'connected') done()
    })
    const timer = setTimeout(done, connectMs)
    function done(): void {
      clearTimeout(timer)
      endListening()
      resolve()
    }
  })
}
