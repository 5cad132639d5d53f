import type { Effect } from '#kit'

export const toolFormats = ['openai', 'openai-chat', 'anthropic', 'mcp', 'vercel'] as const

/** Whose API takes a definition. */
export type ToolFormat = (typeof toolFormats)[number]

export type Schema = Readonly<Record<string, unknown>>

/** The schema of arguments: all APIs take an object only. */
export interface ObjectSchema {
  type: 'object'
  [keyword: string]: unknown
}

/** What a definition is made of. */
export interface Described {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly effect: Effect
  readonly idempotent: boolean
  readonly input_schema: Schema
  readonly output_schema: Schema
}

interface Parameters {
  readonly parameters: ObjectSchema
  readonly strict: boolean
}

interface Named {
  readonly name: string
  readonly description: string
}

export interface McpDefinition extends Named {
  readonly title: string
  readonly inputSchema: ObjectSchema
  readonly outputSchema?: ObjectSchema
  readonly annotations: {
    readonly title: string
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
    readonly openWorldHint: boolean
  }
}

/** A tool as one of the APIs takes it. */
export type Definition =
  | (Named & Parameters & { readonly type: 'function' })
  | { readonly type: 'function'; readonly function: Named & Parameters }
  | (Named & { readonly input_schema: ObjectSchema })
  | (Named & { readonly type: 'function'; readonly inputSchema: ObjectSchema })
  | McpDefinition
