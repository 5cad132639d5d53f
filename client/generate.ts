import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { format, type FormatOptions } from 'oxfmt'
import { z } from 'zod'
// The names with # belong to the package of the hub, and this folder is a package of its own.
import { errorCatalogue } from '../src/errors/index.ts'
import { operations, toolSchema, type HttpRoute, type Operation } from '../src/operations/index.ts'
import { toolFormats } from '../src/tools/index.ts'
import { placesOf } from '../src/transports/rest/index.ts'
import { isProcedure } from '../src/transports/trpc/index.ts'
import { trpcFile } from './trpc-types.ts'
import { typeOf } from './type-of.ts'

/** Generates what the client takes from the operations and the errors. A test compares them, so that neither can change without the other. */
export const generated: Readonly<Record<string, () => Promise<string>>> = {
  'src/generated/types.ts': () => formatted(typesFile()),
  'src/generated/routes.ts': () => formatted(routesFile()),
  'src/generated/hub.ts': () => formatted(hubFile()),
  'src/generated/scopes.ts': () => formatted(scopesFile()),
  'src/generated/trpc.ts': () => formatted(heading + trpcFile(typed())),
}

const settings = JSON.parse(readFileSync(join(import.meta.dirname, '../.oxfmtrc.json'), 'utf8')) as FormatOptions & Record<string, unknown>

interface Typed {
  readonly operation: Operation
  readonly subject: string
  readonly verb: string
  /** Such as `RunsRetry`. */
  readonly type: string
}

interface Offered extends Typed {
  readonly http: HttpRoute
}

/** `toolDefinitions` of the client gives the formats, so that a list of tools has one type. */
const ownSchemas: Readonly<Record<string, { readonly omit: readonly string[]; readonly output: z.ZodType }>> = {
  'tools.list': { omit: ['format'], output: z.object({ items: z.array(toolSchema), next_cursor: z.string().nullable() }) },
}

const heading = '// `node client/generate.ts` writes this file from the operations of the hub.\n'

async function formatted(text: string): Promise<string> {
  const { $schema: _, ignorePatterns: __, ...options } = settings
  const { code, errors } = await format('generated.ts', text, options)
  if (errors.length > 0) throw new Error(`the generated code is not valid: ${JSON.stringify(errors)}`)
  return code
}

/** Everything that a transport offers: some operations have no route, and are procedures of tRPC alone. */
function typed(): Typed[] {
  return Object.values<Operation>(operations)
    .filter(isProcedure)
    .map((operation) => {
      const [subject = '', verb = ''] = operation.name.split('.')
      return { operation, subject, verb: camel(verb), type: `${capital(subject)}${capital(camel(verb))}` }
    })
}

function offered(): Offered[] {
  return typed().flatMap((one) => one.operation.http.slice(0, 1).map((http) => ({ ...one, http })))
}

function typesFile(): string {
  const types = typed().flatMap(({ operation, type }) => {
    const { omit = [], output = operation.output } = ownSchemas[operation.name] ?? {}
    const { properties = {}, ...input } = schemaOf(operation.input, 'input')
    const kept = Object.fromEntries(Object.entries(properties as object).filter(([field]) => !omit.includes(field)))
    return [
      `export type ${type}Input = ${typeOf({ ...input, properties: kept })}`,
      ...(operation.stream ? [] : [`export type ${type}Output = ${typeOf(schemaOf(output, 'output'))}`]),
    ]
  })
  const codes = Object.keys(errorCatalogue)
  const kinds = [...new Set(Object.values(errorCatalogue).map(({ kind }) => kind))]
  const unions = { ErrorCode: codes, ErrorKind: kinds, ToolFormat: toolFormats }
  const lists = Object.entries(unions).map(
    ([name, values]) => `export type ${name} =\n${values.map((value) => `  | '${value}'`).join('\n')}`,
  )
  return `${heading}${[...lists, ...types].join('\n\n')}\n`
}

function routesFile(): string {
  const lines = offered().map(({ operation, http }) => {
    const { query, headers } = placesOf(http, (operation.input as z.ZodObject).shape)
    const key = Object.entries(headers).find(([header]) => header === 'idempotency-key')?.[1]
    const route = { method: http.method, path: http.path, query, headers, ...(key === undefined ? {} : { key }) }
    return `  '${operation.name}': ${JSON.stringify(route)},`
  })
  return `${heading}import type { Route } from '../types.ts'\n\nexport const routes = {\n${lines.join('\n')}\n} as const satisfies Record<string, Route>\n`
}

function scopesFile(): string {
  const lines = typed().map(({ operation }) => `  '${operation.name}': '${operation.scope}',`)
  return `${heading}\n/** The scope that each operation needs. */\nexport const scopes = {\n${lines.join('\n')}\n} as const\n`
}

function hubFile(): string {
  const subjects = Map.groupBy(offered(), ({ subject }) => subject)
  const names = offered().flatMap(({ type, operation }) => [`${type}Input`, ...(operation.stream ? [] : [`${type}Output`])])
  const functions = [...subjects].map(([subject, list]) => `  readonly ${subject}: {\n${list.map(signature).join('\n')}\n  }`)
  const made = [...subjects].map(([subject, list]) => `    ${subject}: {\n${list.map(body).join('\n')}\n    },`)
  return `${heading}import type { RunEvent, Options, Transport } from '../types.ts'
import { routes } from './routes.ts'
import type {
${names.map((name) => `  ${name},`).join('\n')}
} from './types.ts'

/** Every operation of the hub that its REST API offers. */
export interface Operations {
${functions.join('\n')}
}

export function operationsOf({ send, watch }: Transport): Operations {
  return {
${made.join('\n')}
  }
}
`
}

function signature({ operation, verb, type }: Offered): string {
  const { summary, description, scope, stream } = operation
  const about = [`${summary}.`, description, `Scope: \`${scope}\`.`].filter(Boolean).join(' ')
  const result = stream ? 'AsyncGenerator<RunEvent, void>' : `Promise<${type}Output>`
  return `    /** ${about} */\n    ${verb}(${parameter(operation, type)}, options?: Options): ${result}`
}

function parameter({ input }: Operation, type: string): string {
  return `input${input.safeParse({}).success ? '?' : ''}: ${type}Input`
}

function body({ operation, verb, type }: Offered): string {
  const call = operation.stream ? 'watch' : `send<${type}Output>`
  return `      ${verb}: (input, options) => ${call}(routes['${operation.name}'], input, options),`
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' })
}

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

if (import.meta.main) {
  for (const [file, make] of Object.entries(generated)) {
    const path = join(import.meta.dirname, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, await make())
  }
}
