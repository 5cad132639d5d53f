import { ProtocolError, ProtocolErrorCode, type CallToolResult, type ServerContext } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import { jsonSchemaOf } from '#operations'
import { asObjectSchema } from '#tools'
import type { ToolDefinition } from './definitions.ts'
import type { McpCaller } from './types.ts'

export interface CallParams {
  readonly name: string
  readonly arguments?: Record<string, unknown> | undefined
}

/** Tools that exist over MCP only, because they are about the other tools. */
export interface OwnTools {
  definitions(caller: McpCaller): readonly ToolDefinition[]
  /** Undefined for all other tools. */
  answer(caller: McpCaller, params: CallParams, context: ServerContext): Promise<CallToolResult | undefined>
}

/** Whether every tool that the caller sees only reads. */
export function readsOnly({ principal, view }: McpCaller): boolean {
  return principal.readOnly || view.readOnly
}

interface About {
  readonly title: string
  readonly description: string
  readonly readOnly: boolean
}

export function definitionOf(name: string, input: z.ZodType, { title, description, readOnly }: About): ToolDefinition {
  return {
    name,
    title,
    description,
    inputSchema: asObjectSchema(jsonSchemaOf(input)),
    annotations: {
      title,
      readOnlyHint: readOnly,
      destructiveHint: !readOnly,
      idempotentHint: readOnly,
      openWorldHint: !readOnly,
    },
  }
}

export function parseArguments<Input extends z.ZodType>(name: string, schema: Input, args: unknown): z.output<Input> {
  const parsed = schema.safeParse(args ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'arguments'}: ${message}`)
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${name}: ${problems.join('; ')}`)
}

export function textResult(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }] }
}
