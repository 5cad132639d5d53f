import { z } from 'zod'
import type { Principal } from '#access'
import type { Effect } from '#kit'
import type { CallingStep, Transport } from '#tools'
import type { BaseModules, Modules } from './modules.ts'

/** How rows become JSON: the schema documents what `render` returns, and tests compare the two. */
export interface View<Row = unknown, Json = unknown> {
  readonly schema: z.ZodType<Json>
  readonly render: (row: Row) => Json
}

export function view<Row, Schema extends z.ZodType>(schema: Schema, render: (row: Row) => z.output<Schema>): View<Row, z.output<Schema>> {
  return { schema: schema as z.ZodType<z.output<Schema>>, render }
}

/** For results that are JSON already. */
export function plain<Schema extends z.ZodType>(schema: Schema): View<z.output<Schema>, z.output<Schema>> {
  return { schema: schema as z.ZodType<z.output<Schema>>, render: (value) => value }
}

/** Who calls, and how: what a transport knows beyond the input. */
export interface Caller {
  readonly principal: Principal
  readonly transport: Transport
  /** The origin under which the caller reached the hub, for links that it follows. */
  readonly origin?: string | undefined
  /** The step of a run that makes the call. */
  readonly step?: CallingStep | undefined
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined
  /** For streams: false once the caller may not see any more, or the transport closes. */
  readonly isActive?: (() => Promise<boolean>) | undefined
}

export type OperationContext = Modules & Caller
export type ToolOperationContext = BaseModules & Caller

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `:name` takes a field of the input from the path. */
  readonly path: string
  /** The status of a success; 200 when left out. 204 sends no body. */
  readonly status?: number
  /** For operations whose results differ in status: each with its schema. */
  readonly responses?: Readonly<Record<number, z.ZodType>>
  readonly statusOf?: (json: unknown) => number
  /** Fields that stand in the query although the method has a body. */
  readonly query?: readonly string[]
  /** Fields that stand in a header, by the header's name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Media types whose text is one field of the input, beside JSON. */
  readonly text?: { readonly types: readonly string[]; readonly field: string }
}

/** An operation as a tool of the hub itself, for agents and flows. */
export interface OperationTool {
  /** After `hub_`. */
  readonly name: string
  readonly title: string
  /** What it does, when to use it and what it returns. */
  readonly description: string
  /** What people say when they want this: words and short phrases, separated by commas. They only help to find the tool. */
  readonly words: string
  readonly aliases?: readonly string[]
  /** Fields that the tool names otherwise: `{ id: 'flow_id' }`. */
  readonly rename?: Readonly<Record<string, string>>
  /** The field of the input that names a flow which it starts. */
  readonly startsFlow?: string
  /** Fields of the input that the tool does not have. */
  readonly omit?: readonly string[]
  /** Fields whose values the tool limits further. */
  readonly fields?: Readonly<Record<string, z.ZodType>>
  /** A shorter form of the result, so that an agent reads no more than it needs. */
  readonly result?: View<never>
  /** Its results contain what came from outside systems, such as the outputs of other calls. */
  readonly repeatsOutside?: boolean
  readonly example: Readonly<Record<string, unknown>>
}

/** What a token may do without the scope of an operation: the same with what it caused itself. */
export interface OwnAccess<In extends z.ZodType, Context extends Caller> {
  /** The scope that it needs instead. */
  readonly scope: string
  isOwn(context: Context, input: z.output<In>): Promise<boolean>
}

/** Something that the hub offers. Every transport derives its form of it from this value. */
export interface Operation<
  Name extends string = string,
  In extends z.ZodType = z.ZodType,
  Json = unknown,
  Context extends Caller = OperationContext,
> {
  readonly name: Name
  /** What a token needs; `tools:call:*` is any narrowed form of `tools:call`. */
  readonly scope: string
  readonly own?: OwnAccess<In, Context> | undefined
  readonly effect: Effect
  readonly summary: string
  readonly description?: string | undefined
  readonly input: In
  readonly output: z.ZodType<Json>
  readonly stream: boolean
  readonly example: z.input<In>
  readonly http: readonly HttpRoute[]
  /** Offered over tRPC although it has no route. */
  readonly trpc?: boolean | undefined
  readonly tool?: OperationTool | undefined
  /** Runs and renders. Only `execute` calls it, after its checks. */
  run(context: Context, input: z.output<In>): Promise<Json>
}

/** An operation that is a tool too. */
export interface ToolOperation<Name extends string = string, In extends z.ZodType = z.ZodType, Json = unknown> extends Operation<
  Name,
  In,
  Json,
  ToolOperationContext
> {
  readonly tool: OperationTool
}

interface OperationSpec<Name extends string, In extends z.ZodType, Row, Json> {
  readonly name: Name
  readonly scope: string
  readonly effect: Effect
  readonly summary: string
  readonly description?: string
  readonly input: In
  readonly output: View<Row, Json>
  readonly example: z.input<In>
  readonly http?: HttpRoute | readonly HttpRoute[]
  readonly trpc?: boolean
  readonly own?: OwnAccess<In, OperationContext>
  readonly run: (context: OperationContext, input: z.output<In>) => Promise<Row>
}

interface ToolOperationSpec<Name extends string, In extends z.ZodType, Row, Json> extends Omit<
  OperationSpec<Name, In, Row, Json>,
  'run' | 'own'
> {
  readonly own?: OwnAccess<In, ToolOperationContext>
  readonly tool: OperationTool
  readonly run: (context: ToolOperationContext, input: z.output<In>) => Promise<Row>
}

export function operation<const Name extends string, In extends z.ZodType, Row, Json>(
  spec: OperationSpec<Name, In, Row, Json>,
): Operation<Name, In, Json> {
  const { output, run, http = [], ...rest } = spec
  return {
    ...rest,
    http: routesOf(http),
    stream: false,
    output: output.schema,
    run: async (context, input) => output.render(await run(context, input)),
  }
}

export function toolOperation<const Name extends string, In extends z.ZodType, Row, Json>(
  spec: ToolOperationSpec<Name, In, Row, Json>,
): ToolOperation<Name, In, Json> {
  const { tool, own, run, ...rest } = spec
  // The context has more than `run` asks for.
  return { ...operation({ ...rest, run }), own, tool, run: async (context, input) => spec.output.render(await run(context, input)) }
}

/** One message of a stream. The id is what a caller that reconnects goes on from. */
export interface StreamEvent {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

type StreamSpec<Name extends string, In extends z.ZodType> = Omit<OperationSpec<Name, In, never, never>, 'run' | 'output'> & {
  /** `undefined` says that nothing changed: transports send a sign of life now and then. */
  readonly run: (context: OperationContext, input: z.output<In>) => Promise<AsyncIterable<StreamEvent | undefined>>
}

/** An operation whose result is a stream of events. */
export function streamOperation<const Name extends string, In extends z.ZodType>(
  spec: StreamSpec<Name, In>,
): Operation<Name, In, AsyncIterable<StreamEvent | undefined>> {
  const { http = [], ...rest } = spec
  return { ...rest, http: routesOf(http), stream: true, output: z.custom<AsyncIterable<StreamEvent | undefined>>() }
}

function routesOf(http: HttpRoute | readonly HttpRoute[]): readonly HttpRoute[] {
  return 'path' in http ? [http] : http
}
