import { initTRPC, type AnyTRPCProcedure, type AnyTRPCRouter } from '@trpc/server'
import { actorOf } from '#access'
import { hubError, HubError } from '#errors'
import type { Caller, Execute, Operation, StreamEvent } from '#operations'
import { causeOf, errorAnswer, type TrpcErrorShape } from './errors.ts'
import { createStreams, trackedEvents } from './streams.ts'
import type { TrpcContext } from './types.ts'

export interface RouterDeps {
  readonly execute: Execute
  readonly isStopping: () => boolean
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal
  /** Tests shorten it. */
  readonly timing?: StreamTiming | undefined
}

export interface StreamTiming {
  /** How often a stream without events shows that it is alive. */
  readonly pingMs: number
  /** After this time a client has to connect again, so that none stays with one process for ever. */
  readonly maxMs: number
}

const usualTiming: StreamTiming = { pingMs: 15_000, maxMs: 600_000 }
/** Longer than a ping takes to arrive. */
const reconnectAfterInactivityMs = 20_000

/** Other operations without a route are of the command line alone. */
export function isProcedure({ http, trpc = false }: Operation): boolean {
  return trpc || http.length > 0
}

/** One procedure for each operation, under the name of the operation. None has checks of its own: `execute` has them. */
export function createRouter(deps: RouterDeps, all: readonly Operation[]): AnyTRPCRouter {
  const { pingMs, maxMs } = deps.timing ?? usualTiming
  const t = initTRPC.context<TrpcContext>().create({
    isDev: false,
    isServer: true,
    sse: { ping: { enabled: true, intervalMs: pingMs }, maxDurationMs: maxMs, client: { reconnectAfterInactivityMs } },
    errorFormatter: ({ error, path, ctx }): TrpcErrorShape => {
      // A request that could not be read at all has no context; its route knows how to answer.
      if (!ctx) throw error
      const { shape, headers } = errorAnswer(causeOf(error, ctx.request), ctx.request, path)
      ctx.errorHeaders.push(headers)
      return shape
    },
  })
  const { open } = createStreams()

  const call = (operation: Operation, caller: Caller, input: unknown): Promise<unknown> =>
    deps.execute(caller, operation, (input ?? {}) as never).catch((error: unknown) => {
      throw withPlaces(error)
    })

  const procedureOf = (operation: Operation): AnyTRPCProcedure => {
    if (!operation.scope) throw new Error(`${operation.name} does not say which scope it needs`)
    // Only passes the input on: a procedure that declares none does not get any.
    const procedure = t.procedure.input((input: unknown) => input)
    if (!operation.stream) {
      const run = ({ ctx, input, signal }: Asked): Promise<unknown> => call(operation, callerOf(ctx, signal), input)
      return operation.effect === 'read' ? procedure.query(run) : procedure.mutation(run)
    }
    const position = positionOf(operation)
    return procedure.subscription(async function* ({ ctx, input, signal }: Asked) {
      const caller = callerOf(ctx, AbortSignal.any([deps.closing, ...(signal ? [signal] : [])]))
      using _ = open(`${caller.principal.workspaceId} ${actorOf(caller.principal)}`)
      let active = true
      const isActive = async (): Promise<boolean> => (active = await ctx.isActive())
      const events = await call(operation, { ...caller, isActive }, resumed(input, position))
      yield* trackedEvents(events as AsyncIterable<StreamEvent | undefined>)
      // Without a word about an end, so that the client connects again, to a process that goes on.
      if (deps.isStopping()) throw new DOMException('the hub stops', 'AbortError')
      if (active) return
      throw hubError('token_invalid', { detail: 'the token may no longer see this' })
    })
  }

  const record: Branch = Object.create(null) as Branch
  for (const operation of all.filter(isProcedure)) place(record, operation.name, procedureOf(operation))
  return t.router(record)
}

interface Asked {
  readonly ctx: TrpcContext
  readonly input: unknown
  readonly signal: AbortSignal | undefined
}

function callerOf({ request, origin }: TrpcContext, signal: AbortSignal | undefined): Caller {
  return { principal: request.principal, transport: 'trpc', origin, signal }
}

/** The field that takes the id of the last event, where the operation has one: the one that REST takes from `Last-Event-ID`. */
function positionOf({ http }: Operation): string | undefined {
  return http.map(({ headers }) => headers?.['last-event-id']).find((field) => field !== undefined)
}

/** tRPC adds the id of the last event to the input as `lastEventId`. */
function resumed(input: unknown, position: string | undefined): unknown {
  if (input === null || typeof input !== 'object' || !('lastEventId' in input)) return input
  const { lastEventId, ...rest } = input
  return position === undefined ? rest : { ...rest, [position]: lastEventId }
}

/** An error about the input as a whole has no path in the operation; here the input has a name. */
function withPlaces(error: unknown): unknown {
  if (!(error instanceof HubError) || error.code !== 'invalid_input' || !error.details.errors) return error
  return error.with({ errors: error.details.errors.map(({ path, message }) => ({ path: path === '' ? 'input' : path, message })) })
}

interface Branch {
  [name: string]: AnyTRPCProcedure | Branch
}

/** `runs.list` is the procedure `list` of the router `runs`. */
function place(record: Branch, name: string, procedure: AnyTRPCProcedure): void {
  const parts = name.split('.')
  const last = parts.pop()!
  let branch = record
  for (const part of parts) {
    const next = (branch[part] ??= Object.create(null) as Branch)
    if (typeof next === 'function') throw new Error(`${name} lies below another procedure`)
    branch = next
  }
  if (branch[last] !== undefined) throw new Error(`there are two procedures ${name}`)
  branch[last] = procedure
}
