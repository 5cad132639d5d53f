import type { Expressions, JsonSchema } from '#expressions'
import type { Scripts } from '#scripts'
import type { DefinitionProblem } from './source.ts'
import type { ReservedType } from './reserved.ts'
import type { Definition } from './types.ts'

/** What a flow may refer to in its workspace. */
export interface Known {
  /** A tool, and whether a user wrote its schema. */
  tool(name: string): { readonly inputSchema: JsonSchema; readonly byUser: boolean } | undefined
  toolNames(): Iterable<string>
  /** A flow with the flows that it runs. Without this function, references to flows are not checked. */
  flow?(id: string): { readonly parameters?: JsonSchema; readonly runs: readonly string[] } | undefined
  flowIds?(): Iterable<string>
  /** Who alone publishes events of a type. */
  readonly reservedType?: ReservedType
  /** What has the name of a tool already. */
  readonly reservedTool?: (name: string) => string | undefined
  /** The event types that connectors declare. */
  readonly eventTypes?: readonly string[]
}

export interface ParseOptions {
  /** Default: JSON if the text begins with a brace, otherwise YAML. */
  readonly format?: 'yaml' | 'json'
  readonly known: Known
  readonly expressions: Pick<Expressions, 'check' | 'names' | 'schemas' | 'documents'>
  readonly scripts: Pick<Scripts, 'check'>
  /** Whose definition this is. */
  readonly workspaceId: string
  /** A definition of the hub itself. */
  readonly isBundled?: boolean
}

export type Parsed = { readonly definition: Definition } | { readonly problems: readonly DefinitionProblem[] }
