import type { Operation } from '../src/operations/index.ts'

export interface Procedure {
  readonly operation: Operation
  /** The names of its types, such as `RunsList`. */
  readonly type: string
}

const declarations = `/** RFC 9457: the same problem that the REST API answers with. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly detail: string
  readonly retryable: boolean
  /** Seconds. */
  readonly retry_after?: number
  readonly hint?: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  readonly request_id: string
  readonly invocation_id?: string
  readonly approval_id?: string
}

/** \`error.shape\` of a \`TRPCClientError<AppRouter>\`; \`error.data\` is its data. */
export interface ErrorShape extends TRPCErrorShape {
  readonly data: {
    readonly code: TRPC_ERROR_CODE_KEY
    readonly httpStatus: number
    readonly path?: string
    readonly problem: Problem
  }
}

interface Types {
  ctx: object
  meta: object
  errorShape: ErrorShape
  transformer: false
}

type Query<Input, Output> = TRPCQueryProcedure<{ input: Input; output: Output; meta: object }>
type Mutation<Input, Output> = TRPCMutationProcedure<{ input: Input; output: Output; meta: object }>
type Subscription<Input, Change> = TRPCSubscriptionProcedure<{
  input: Input & { readonly lastEventId?: string }
  output: AsyncIterable<{ readonly id: string; readonly data: Change }, void>
  meta: object
}>
type Change<Event> = Event extends { readonly event: infer Name; readonly data: infer Data } ? { readonly event: Name; readonly data: Data } : never
`

/** The type of the tRPC router, which needs nothing of the hub’s source. */
export function trpcFile(procedures: readonly Procedure[]): string {
  const names = procedures.flatMap(({ type, operation }) => [`${type}Input`, ...(operation.stream ? [] : [`${type}Output`])])
  const routers = Map.groupBy(procedures, ({ operation }) => operation.name.split('.')[0]!)
  const lines = [...routers].map(([router, list]) => `  ${router}: {\n${list.map(line).join('\n')}\n  }`)
  return `import type {
  TRPC_ERROR_CODE_KEY,
  TRPCBuiltRouter,
  TRPCErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server'
import type { RunEvent } from '../types.ts'
import type {
  ErrorCode,
  ErrorKind,
${names.map((name) => `  ${name},`).join('\n')}
} from './types.ts'

${declarations}
// Not an interface, which has no index.
type Procedures = {
${lines.join('\n')}
}

/** The router of a hub, for \`createTRPCClient<AppRouter>\`. */
export type AppRouter = TRPCBuiltRouter<Types, Procedures>
`
}

function line({ operation, type }: Procedure): string {
  const { name, summary, description, scope, input, effect, stream } = operation
  const about = [`${summary}.`, description, `Scope: \`${scope}\`.`].filter(Boolean).join(' ')
  const given = `${type}Input${!stream && input.safeParse({}).success ? ' | undefined' : ''}`
  const result = stream
    ? `Subscription<${given}, Change<RunEvent>>`
    : `${effect === 'read' ? 'Query' : 'Mutation'}<${given}, ${type}Output>`
  return `    /** ${about} */\n    ${name.split('.').slice(1).join('.')}: ${result}`
}
