import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { actorOf, type Access, type Principal } from '#access'
import type { Database } from '#db'
import { hubError, HubError } from '#errors'
import type { FlowWithVersion, Flows } from '#flows'
import { createClosedEgress, type Egress } from '#http'
import type { IntegrationRow, Integrations } from '#integrations'
import type { Telemetry } from '#telemetry'
import type { Webhooks } from '#webhooks'
import { demoFlow, sampleIssue } from './flow.ts'
import type { DemoSystem, StartDemoSystems } from './types.ts'

export type { DemoSystem, DemoSystems, StartDemoSystems } from './types.ts'

/** The demo systems that run in this process, and what may reach them: the integrations of the demo, each in its workspace. */
export interface DemoPlaces {
  /** Throws `demo_not_running`. */
  egressOf(workspaceId: string): Egress
}

interface Running extends AsyncDisposable {
  readonly systems: readonly DemoSystem[]
  readonly egress: Egress
  readonly webhookSecret: string
}

export interface DemoState {
  /** Whether this hub offers the demo. */
  readonly enabled: boolean
  readonly running: boolean
  readonly integrations: readonly IntegrationRow[]
  /** The sample flow, where it exists. */
  readonly flow: string | null
}

/** Stand-ins of outside systems inside the hub, for whoever has no account yet. */
export interface Demo extends AsyncDisposable {
  state(workspaceId: string): Promise<DemoState>
  /** Starts them, makes their integrations and the sample flow, those that are missing while they run, and does nothing twice. */
  start(principal: Principal): Promise<DemoState>
  /** Ends them, and removes their integrations and, unless somebody changed it, the sample flow. */
  stop(principal: Principal): Promise<DemoState>
  /** Sends the hub a signed delivery, as GitHub would. Returns the id of its event. */
  sendSample(workspaceId: string): Promise<string>
}

export interface DemoDeps extends Pick<Telemetry, 'logger'> {
  readonly db: Database
  readonly access: Access
  readonly integrations: Integrations
  readonly flows: Flows
  readonly webhooks: Webhooks
  readonly places: ReturnType<typeof createDemoPlaces>
}

const notRunning = (): HubError => hubError('demo_not_running', { hint: 'an administrator of the hub starts them: POST /api/v1/demo' })

export function createDemoPlaces(): DemoPlaces & { readonly running: Map<string, Running> } {
  const running = new Map<string, Running>()
  return {
    running,
    egressOf(workspaceId) {
      const here = running.get(workspaceId)
      if (!here) throw notRunning()
      return here.egress
    },
  }
}

const nameOf = (connector: string): string => `demo-${connector}`

/** Without `begin` the demo is turned off. */
export function createDemo(
  { db, access, integrations, flows, webhooks, places, logger }: DemoDeps,
  begin: StartDemoSystems | undefined,
): Demo {
  const { running } = places
  const beginning = new Map<string, Promise<DemoState>>()
  let samples = 0

  const ofDemo = async (workspaceId: string): Promise<IntegrationRow[]> =>
    (await integrations.list(workspaceId)).filter(({ origin }) => origin === 'demo')

  const sampleFlow = (workspaceId: string): Promise<FlowWithVersion | undefined> => flows.get(workspaceId, demoFlow.name).catch(orNothing)

  const state = async (workspaceId: string): Promise<DemoState> => {
    const flow = await sampleFlow(workspaceId)
    return {
      enabled: begin !== undefined,
      running: running.has(workspaceId),
      integrations: await ofDemo(workspaceId),
      flow: flow?.name ?? null,
    }
  }

  const audit = (principal: Principal, action: string): Promise<void> =>
    db.transaction(async (trx) => {
      const { workspaceId } = principal
      await access.audit.record(trx, { workspaceId, actor: actorOf(principal), action, subject: workspaceId })
    })

  const run = async (workspaceId: string): Promise<Running> => {
    if (!begin) throw hubError('demo_unavailable', { detail: 'the demo is turned off', hint: 'HUB_DEMO=off turns it off' })
    await using stack = new AsyncDisposableStack()
    const { systems } = stack.use(await begin())
    const egress = createClosedEgress(systems.map(({ origin }) => origin))
    stack.defer(() => egress.close())
    const owned = stack.move()
    const made = {
      systems,
      egress,
      webhookSecret: randomBytes(24).toString('hex'),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
    running.set(workspaceId, made)
    return made
  }

  const end = async (workspaceId: string): Promise<void> => {
    const here = running.get(workspaceId)
    running.delete(workspaceId)
    await here?.[Symbol.asyncDispose]()
  }

  /** New systems have new ports and secrets, so an integration that is there already gets these. */
  const connect = async (principal: Principal, { systems, webhookSecret }: Running, areNew: boolean): Promise<void> => {
    const existing = await ofDemo(principal.workspaceId)
    for (const { connector, config: given, credential } of systems) {
      const config = { ...given, ...(connector === 'github' ? { webhook_secret: webhookSecret } : {}) }
      const row = existing.find((each) => each.connector === connector)
      if (!row) await integrations.create(principal, { name: nameOf(connector), connector, config, credential, isDemo: true })
      else if (areNew) await integrations.update(principal, row.id, { config, credential, enabled: true, status: 'active' })
    }
  }

  const startNow = async (principal: Principal): Promise<DemoState> => {
    const { workspaceId } = principal
    const here = running.get(workspaceId)
    const before = await state(workspaceId)
    const isConnected = ({ connector }: DemoSystem): boolean => before.integrations.some((row) => row.connector === connector)
    if (here && before.flow !== null && here.systems.every(isConnected)) return before
    try {
      await connect(principal, here ?? (await run(workspaceId)), here === undefined)
      // Whoever changed the flow keeps it, and so does whoever had one of this name.
      if (before.flow === null) await flows.save(principal, demoFlow.source)
    } catch (error) {
      if (!here) await end(workspaceId)
      throw error
    }
    await audit(principal, 'demo.started')
    return state(workspaceId)
  }

  return {
    state,
    start(principal) {
      const { workspaceId } = principal
      const already = beginning.get(workspaceId)
      if (already) return already
      const made = startNow(principal).finally(() => beginning.delete(workspaceId))
      beginning.set(workspaceId, made)
      return made
    },
    async stop(principal) {
      const { workspaceId } = principal
      await beginning.get(workspaceId)?.catch(() => logger.debug({}, 'the demo that is stopped had not started'))
      await end(workspaceId)
      for (const row of await ofDemo(workspaceId)) await integrations.remove(principal, row.id)
      if ((await sampleFlow(workspaceId))?.source === demoFlow.source) await flows.remove(principal, demoFlow.name)
      await audit(principal, 'demo.stopped')
      return state(workspaceId)
    },
    async sendSample(workspaceId) {
      const here = running.get(workspaceId)
      const github = (await ofDemo(workspaceId)).find(({ connector }) => connector === 'github')
      if (!here || !github) throw notRunning()
      samples += 1
      const body = Buffer.from(JSON.stringify(sampleIssue(samples)))
      const signature = createHmac('sha256', here.webhookSecret).update(body).digest('hex')
      const headers = {
        'content-type': 'application/json',
        'x-github-event': 'issues',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${signature}`,
      }
      const reply = await webhooks.receive({ hook: github.id, address: '127.0.0.1', headers, body })
      return (reply.body as { readonly id: string }).id
    },
    async [Symbol.asyncDispose]() {
      for (const workspaceId of running.keys()) await end(workspaceId)
    },
  }
}

function orNothing(error: unknown): undefined {
  if (error instanceof HubError && error.code === 'not_found') return undefined
  throw error
}
