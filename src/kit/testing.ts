import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fitCredential } from './auth.ts'
import type { CredentialValues } from './credential-values.ts'
import type { Connector } from './connector.ts'
import type { ActionContext } from './context.ts'
import type { SourceDeclaration } from './source.ts'
import { hubError } from '#errors'
import {
  callError,
  createEffects,
  createEgress,
  createEtagCache,
  createHttp,
  DryRun,
  unlimited,
  type CallScope,
  type RateLimiter,
} from '#http'

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The parsed body; undefined if the body is not JSON. */
  readonly json: unknown
}

export interface Scripted {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a string or buffer unchanged. */
  readonly body?: unknown
  /** Sends no answer: closes the connection (`cut`) or leaves it open (`hang`). */
  readonly fault?: 'cut' | 'hang'
}

export interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly requests: RecordedRequest[]
}

/** Starts a server on loopback that sends the given answers and records the requests. */
export async function upstream(answer: (request: RecordedRequest) => Scripted | Promise<Scripted>): Promise<Upstream> {
  const requests: RecordedRequest[] = []
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      const url = new URL(incoming.url ?? '/', 'http://upstream')
      const request = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body,
        json: asJson(body),
      }
      requests.push(request)
      void Promise.resolve(answer(request)).then((reply) => {
        if (reply.fault === 'hang') return
        if (reply.fault === 'cut') return void incoming.socket.destroy()
        const raw = typeof reply.body === 'string' || Buffer.isBuffer(reply.body)
        const type: Record<string, string> = raw || reply.body === undefined ? {} : { 'content-type': 'application/json' }
        outgoing.writeHead(reply.status ?? 200, { ...type, ...reply.headers })
        outgoing.end(raw ? reply.body : reply.body === undefined ? undefined : JSON.stringify(reply.body))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export interface RunOptions {
  readonly input: unknown
  readonly config?: Readonly<Record<string, unknown>>
  readonly credential?: CredentialValues
  readonly idempotencyKey?: string
  readonly dryRun?: boolean
  readonly timeoutMs?: number
  readonly maxRetries?: number
  readonly rateLimiter?: RateLimiter
}

/**
 * Runs an action like the tool pipeline: it checks input and output and throws the errors that callers get. A dry run returns the request
 * that would be sent.
 */
export async function runAction(connector: Connector, verb: string, options: RunOptions): Promise<unknown> {
  const action = connector.actions[verb]
  if (!action) throw new Error(`${connector.name} has no action ${verb}`)
  const input = action.input.safeParse(options.input)
  if (!input.success) {
    throw hubError('invalid_input', {
      errors: input.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message })),
    })
  }
  const { idempotencyHeader } = action
  await using context = await actionContext(connector, { ...options, idempotencyHeader, readOnly: action.effect === 'read' })
  const { effects } = context
  let raw: unknown
  try {
    raw = await action.run(context.of(input.data))
  } catch (error) {
    if (error instanceof DryRun) return error.request
    throw callError(error, effects, connector.title)
  }
  const output = action.output.safeParse(raw)
  if (output.success) return output.data
  if (action.effect !== 'read') return raw
  throw hubError('vendor_invalid_response', { detail: `the answer does not fit ${verb}: ${output.error.message}` })
}

/** What an action says that it would change. As for an approval, nothing that writes is sent. */
export async function readCurrent(connector: Connector, verb: string, options: RunOptions): Promise<unknown> {
  const action = connector.actions[verb]
  if (!action?.current) throw new Error(`${connector.name}_${verb} does not read what it would change`)
  await using context = await actionContext(connector, { ...options, dryRun: true, readOnly: false })
  return await action.current(context.of(action.input.parse(options.input)))
}

export async function testConnection(connector: Connector, options: Omit<RunOptions, 'input'>): Promise<{ account: string }> {
  await using context = await actionContext(connector, { ...options, readOnly: true })
  return await connector.test!(context.of(undefined))
}

/** Calls a source as a sync does: `work` gets what its functions are called with. */
export async function withSource<T>(
  connector: Connector,
  { kind, ...options }: RunOptions & { readonly kind: string },
  work: (source: SourceDeclaration, context: ActionContext<Record<string, unknown>>) => Promise<T>,
): Promise<T> {
  const source = connector.sources[kind]
  if (!source) throw new Error(`${connector.name} has no source ${kind}`)
  await using context = await actionContext(connector, { ...options, readOnly: true })
  return await work(source, context.of(source.options.parse(options.input)))
}

interface ContextOptions extends Omit<RunOptions, 'input'> {
  readonly readOnly: boolean
  readonly idempotencyHeader?: string | undefined
}

async function actionContext(connector: Connector, options: ContextOptions) {
  const egress = createEgress({ allow: ['127.0.0.1', 'localhost'] })
  const given = options.credential ?? {}
  const method = connector.auth.find((candidate) => fitCredential(candidate, given)) ?? connector.auth[0]!
  const credential = fitCredential(method, given) ?? given
  const config = connector.config.parse(options.config ?? {})
  const log = { debug: () => undefined, warn: () => undefined }
  const runtime = {
    egress,
    etags: createEtagCache(),
    timeoutMs: options.timeoutMs ?? 2000,
    maxRetries: options.maxRetries ?? 0,
    log,
    measure: () => undefined,
  }
  const signal = new AbortController().signal
  const dryRun = options.dryRun ?? false
  const effects = createEffects()
  const { idempotencyKey = 'inv_test', idempotencyHeader: header } = options
  const scope: Omit<CallScope, 'authorization'> = {
    effects,
    connector,
    integrationId: 'int_test',
    baseUrl: connector.baseUrl?.(config) ?? '',
    secrets: Object.values(credential).filter((value): value is string => typeof value === 'string' && value.length >= 8),
    rateLimiter: options.rateLimiter ?? unlimited,
    signal,
    dryRun,
    readOnly: options.readOnly,
  }
  const resources = new Map<string, AsyncDisposable>()
  const unauthorizedHttp = createHttp(runtime, { ...scope, effects: createEffects(), dryRun: false, authorization: async () => ({}) })
  const remember = async (_key: string, make: () => Promise<{ value: string }>): Promise<string> => (await make()).value
  const http = createHttp(runtime, {
    ...scope,
    idempotency: header === undefined ? undefined : { header, key: idempotencyKey },
    authorization: async () => method.authorize({ credential, config, http: unauthorizedHttp, remember }),
  })
  return {
    effects,
    of: <T>(input: T) => ({
      input,
      config,
      http,
      credential,
      idempotencyKey,
      signal,
      progress: () => undefined,
      workspaceId: 'ws_test',
      logger: log,
      resolve: (host: string) => egress.resolve(host),
      keep: <K extends AsyncDisposable>(key: string, make: () => K): K => {
        const resource = (resources.get(key) as K | undefined) ?? make()
        resources.set(key, resource)
        return resource
      },
      send: async <R>(preview: Record<string, unknown>, work: () => Promise<R>): Promise<R> => {
        if (dryRun) throw new DryRun(preview)
        return work()
      },
    }),
    async [Symbol.asyncDispose]() {
      for (const resource of resources.values()) await resource[Symbol.asyncDispose]()
      await egress.close()
    },
  }
}
