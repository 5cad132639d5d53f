import type { Expressions } from '#expressions'
import type { JsonSchema } from './arguments.ts'
import type { DefinitionProblem } from './source.ts'
import type { Definition } from './types.ts'

/** What there is in the workspace that a flow may refer to. */
export interface Known {
  tool(name: string): { readonly inputSchema: JsonSchema } | undefined
  toolNames(): Iterable<string>
  /** A flow, with the flows that it runs. Left out, sub-flows are not looked for. */
  flow?(id: string): { readonly parameters?: JsonSchema; readonly runs: readonly string[] } | undefined
  flowIds?(): Iterable<string>
  /** The types of event that connectors declare. */
  readonly eventTypes?: readonly string[]
}

export interface ParseOptions {
  /** Default: JSON when the text begins with a brace. */
  readonly format?: 'yaml' | 'json'
  readonly known: Known
  readonly expressions: Pick<Expressions, 'check' | 'names'>
}

export type Parsed = { readonly definition: Definition } | { readonly problems: readonly DefinitionProblem[] }
