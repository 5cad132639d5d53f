import {
  createTRPCClient,
  createTRPCUntypedClient,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
  type TRPCClient,
  type TRPCLink,
  type TRPCUntypedClient,
} from '@trpc/client'
import { Agent, EventSource } from 'undici'
import { z } from 'zod'
import type { Operation, StreamEvent } from '#operations'
import { buildRest, createOrigins, type RestApp } from '#transports/rest'
import { trpcRoutes, type TrpcDeps } from '#transports/trpc'
import type { AppRouter } from '../../client/src/generated/trpc.ts'
import { adminToken, type TestHub } from './hub.ts'

export interface TrpcSettings {
  readonly token?: string
  readonly headers?: Record<string, string>
}

/** A client of tRPC’s own, whose subscriptions send the token in a header too, and connect again at once. */
export function trpcClient(address: string, settings: TrpcSettings = {}): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({ links: linksTo(address, settings) })
}

/** The same for procedures that the type of the router does not have. */
export function untypedTrpcClient(address: string, settings: TrpcSettings = {}): TRPCUntypedClient<AppRouter> {
  return createTRPCUntypedClient<AppRouter>({ links: linksTo(address, settings) })
}

function linksTo(address: string, { token = adminToken, headers = {} }: TrpcSettings): TRPCLink<AppRouter>[] {
  const url = `${address}/trpc`
  const sent = { ...headers, authorization: `Bearer ${token}` }
  const dispatcher = new Agent().compose(
    (dispatch) => (options, handler) =>
      dispatch({ ...options, headers: { ...(options.headers as Record<string, string>), ...sent } }, handler),
  )
  return [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url, EventSource, eventSourceOptions: { node: { dispatcher, reconnectionTime: 20 } } }),
      false: httpLink({ url, headers: sent }),
    }),
  ]
}

/** What a call of a client fails with. */
export async function trpcError(call: Promise<unknown>): Promise<TRPCClientError<AppRouter>> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof TRPCClientError) return error as TRPCClientError<AppRouter>
  throw error
}

/** An operation that only a test has. */
export function testOperation(name: string, more: Partial<Operation> & Pick<Operation, 'run'>): Operation {
  return {
    name,
    scope: 'tools:read',
    effect: 'read',
    summary: name,
    input: z.looseObject({}),
    output: z.unknown(),
    stream: false,
    example: {},
    http: [{ method: 'GET', path: `/${name}` }],
    ...more,
  }
}

export function testStream(
  name: string,
  run: (...given: Parameters<Operation['run']>) => AsyncIterable<StreamEvent | undefined>,
): Operation {
  const http = [{ method: 'GET' as const, path: `/${name}`, headers: { 'last-event-id': 'after' } }]
  return testOperation(name, { stream: true, http, run: async (context, input) => run(context, input) })
}

export interface TrpcBench extends AsyncDisposable {
  readonly app: RestApp
  readonly address: string
}

/** A server of its own, which listens, with operations of the test over the modules of a hub. */
export async function trpcBench(
  { hub }: TestHub,
  operations: readonly Operation[],
  more: Pick<TrpcDeps, 'timing'> = {},
): Promise<TrpcBench> {
  const { telemetry, access, people, apps, tools, webhooks, execute } = hub
  const names = { corsOrigins: [], publicUrl: undefined, allowedHosts: [] }
  const isStopping = (): boolean => false
  const app = await buildRest(
    {
      ...telemetry,
      version: '0.0.0',
      connectors: [],
      access,
      people,
      apps,
      tools,
      webhooks,
      execute,
      isStopping,
      readiness: async () => ({}),
      busReadiness: async () => [],
      addRoutes: (rest) =>
        trpcRoutes(
          rest,
          { access, people, apps, origins: createOrigins(names), execute, isStopping, ...more },
          Object.fromEntries(operations.map((one) => [one.name, one])),
        ),
    },
    { bodyLimit: 100_000, ...names, trustProxy: [] },
  )
  return { app, address: await app.listen({ host: '127.0.0.1', port: 0 }), [Symbol.asyncDispose]: () => app.close() }
}
