import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createAccess, type Access, type Principal } from '#access'
import { createCredentials, createKeyring, type Credentials } from '#credentials'
import { openDatabase, type Database } from '#db'
import { createExpressions } from '#expressions'
import { createEgress } from '#http'
import { newId } from '#lib/ids'
import { createEngine } from '#engine'
import { createEventPublisher, type EventPublisher } from '#events/publish'
import { createEvents, type Events, type Subscribers } from '#events'
import { createOutbound, type Outbound } from '#endpoints'
import { createRetention, type Retention } from '#retention'
import { testClock } from './access.ts'
import { freshDatabase } from './database.ts'
import { testTelemetry } from './telemetry.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly at: number
}

type Answer = number | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
  /** The maximum of simultaneous requests so far. */
  readonly most: number
  /** The response from now on: the same for all requests, or a function of the request. */
  answer: Answer | ((request: Received) => Answer | Promise<Answer>)
}

/** An HTTP server that stores the requests that it gets. */
export async function startReceiver(answer: Receiver['answer'] = 204): Promise<Receiver> {
  let now = 0
  const receiver = { received: [] as Received[], most: 0, answer, url: '' }
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      receiver.most = Math.max(receiver.most, ++now)
      const body = (await buffer(incoming)).toString()
      const request = { path: incoming.url ?? '', headers: incoming.headers, body, at: Date.now() }
      receiver.received.push(request)
      const given = typeof receiver.answer === 'function' ? await receiver.answer(request) : receiver.answer
      now--
      const { status, headers = {}, body: said = '' } = typeof given === 'number' ? { status: given } : given
      outgoing.writeHead(status, headers).end(said)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(receiver, {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

export interface Sender extends AsyncDisposable {
  readonly url: string
  readonly db: Database
  readonly access: Access
  readonly credentials: Credentials
  readonly events: Events
  readonly publisher: EventPublisher
  readonly retention: Retention
  readonly outbound: Outbound
  readonly operator: Principal
  readonly clock: ReturnType<typeof testClock>
  /** The log lines. */
  readonly lines: string[]
  /** Publishes an event in the workspace and dispatches it. */
  happen(type: string, data?: Record<string, unknown>, subject?: string): Promise<void>
  /** Dispatches stored events and returns how many. */
  dispatch(): Promise<number>
  /** Starts to send in the background. */
  start(): Promise<void>
  /** Stops what `start` has started. */
  stop(): Promise<void>
  /** Sends the deliveries that are due. */
  drain(): Promise<number>
  /** The deliveries, oldest first. */
  deliveries(endpoint?: string): ReturnType<Outbound['deliveries']['list']>
}

export interface SenderOptions extends NonNullable<Parameters<typeof createOutbound>[1]> {
  readonly url?: string
  readonly allow?: readonly string[]
  /** More subscribers, by the kind of subscription. */
  readonly subscribers?: Subscribers
}

const keys = [{ id: 'test', key: Buffer.alloc(32, 7) }]

/** Events and endpoints as in one process of a hub, with a clock that a test sets. */
export async function startSender({ url, allow = ['127.0.0.1'], subscribers = {}, ...options }: SenderOptions = {}): Promise<Sender> {
  await using stack = new AsyncDisposableStack()
  const place = url ?? stack.use(await freshDatabase()).url
  const lines: string[] = []
  const telemetry = testTelemetry(lines)
  const clock = testClock()
  const db = stack.use(await openDatabase({ url: place, dataDir: '', poolSize: 8, mode: 'attach' }, telemetry))
  const access = stack.use(createAccess(db, telemetry))
  await access.bootstrap(undefined, () => undefined)
  const operator = await access.operator('tester')
  const keyring = createKeyring({ keys, dataDir: '' })
  const credentials = stack.use(createCredentials({ db, access, ...telemetry }, { keyring }))
  const egress = createEgress({ allow })
  stack.defer(() => egress.close())
  const expressions = stack.use(createExpressions(telemetry))
  const engine = stack.use(createEngine({ db, ...telemetry }, { executorId: newId('exe'), drainMs: options.drainMs ?? 1000 }))
  const publisher = createEventPublisher({ db, engine, ...telemetry })
  const read = async () => undefined
  const events = stack.use(createEvents({ db, engine, access, expressions, publisher, read, ...telemetry }))
  const outbound = stack.use(
    createOutbound(
      { db, engine, access, credentials, egress, expressions, publisher, read, ...telemetry },
      { clock, random: () => 0.5, ...options },
    ),
  )
  const dispatcher = events.dispatcher({ endpoint: outbound.subscriber, ...subscribers })
  const working = new AsyncDisposableStack()
  const owned = stack.move()
  return {
    url: place,
    db,
    access,
    credentials,
    events,
    publisher,
    retention: createRetention({ db, access, ...telemetry }),
    outbound,
    operator,
    clock,
    lines,
    async happen(type, data = {}, subject) {
      const { workspaceId } = operator
      await db.transaction((trx) => publisher.publish(trx, [{ workspaceId, type, data, ...(subject === undefined ? {} : { subject }) }]))
      await dispatcher.drain()
    },
    dispatch: dispatcher.drain,
    start: async () => void working.use(await engine.start({ jobs: {}, pollers: [dispatcher.poller, outbound.poller] })),
    stop: () => working.disposeAsync(),
    drain: () => outbound.drain(),
    deliveries: async (endpoint) => (await outbound.deliveries.list(operator.workspaceId, { endpoint }, { limit: 1000 })).toReversed(),
    async [Symbol.asyncDispose]() {
      await working.disposeAsync()
      await owned.disposeAsync()
    },
  }
}

/** An administrator of another workspace. */
export async function strangerTo({ db, operator }: Sender): Promise<Principal> {
  const id = newId('ws')
  await db.sql
    .insertInto('workspaces')
    .values({ id, name: id.replaceAll('_', '-') })
    .execute()
  return { ...operator, workspaceId: id, scopes: ['admin'] }
}
