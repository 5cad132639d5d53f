import { z } from 'zod'
import { defineConnector } from '#kit'
import type { Tool, ToolRunner } from '#tools'
import type { Execute } from './execute.ts'
import type { BaseModules } from './modules.ts'
import type { Operation, OperationTool, ToolOperation } from './operation.ts'
import { undoTool } from './undo-tool.ts'

const hub = defineConnector({
  name: 'hub',
  title: 'IntegrationHub',
  description: 'The hub itself: what is connected, its health, its tool calls, flows and runs.',
  connect: 'Nothing has to be connected.',
  builtIn: true,
  ids: [
    { pattern: /(?<!\w)run_\w{1,60}/, fields: ['run_id'], words: 'run' },
    { pattern: /(?<!\w)inv_\w{1,60}/, fields: ['handle'], words: 'result' },
  ],
  labels: { author: 'trusted' },
  sendsTo: 'private',
  config: z.object({}),
  auth: [],
}).withActions({})

type Operations = Readonly<Record<string, Operation | ToolOperation>>

/** The hub's own tools: the operations that are declared as one, and the one that undoes calls. */
export function hubTools(all: Operations): Tool[] {
  const declared = toolOperations(all).map(({ name, scope, effect, output, tool, ...rest }): Tool => ({
    name: `${hub.name}_${tool.name}`,
    aliases: tool.aliases ?? [],
    connector: hub,
    scope,
    startsFlow: tool.startsFlow === undefined ? undefined : (tool.rename?.[tool.startsFlow] ?? tool.startsFlow),
    origin: { kind: 'operation', operation: name },
    action: {
      title: tool.title,
      description: tool.description,
      words: tool.words,
      aliases: tool.aliases ?? [],
      example: tool.example,
      effect,
      idempotent: effect === 'read',
      ...(tool.repeatsOutside === true ? { labels: (_input: unknown, output: unknown) => ({ author: authorOf(output) }) } : {}),
      input: inputOf(rest, tool),
      output: tool.result?.schema ?? output,
    },
  }))
  return [...declared, undoTool(hub)]
}

/** A run that has given nothing yet repeats nothing. */
function authorOf(output: unknown): 'trusted' | 'untrusted' {
  const { outputs, error } = output as { readonly outputs?: unknown; readonly error?: unknown }
  return outputs === null && error === null ? 'trusted' : 'untrusted'
}

/** Runs the hub's own tools through `execute`, with the scopes of whoever calls the tool. */
export function createHubToolRunner(all: Operations, execute: Execute<BaseModules>): ToolRunner<'operation'> {
  const byName = new Map(toolOperations(all).map((operation) => [operation.name, operation]))
  return async ({ operation: name }, { principal, input, step }) => {
    const operation = byName.get(name)!
    const { result, rename = {} } = operation.tool
    const originalNames = new Map(Object.entries(rename).map(([field, shown]) => [shown, field]))
    const fields = Object.entries(input as object).map(([field, value]) => [originalNames.get(field) ?? field, value] as const)
    const json = await execute({ principal, transport: 'tool', step }, operation, Object.fromEntries(fields))
    return result ? result.render(json as never) : json
  }
}

function toolOperations(all: Operations): ToolOperation[] {
  return Object.values(all).filter((operation): operation is ToolOperation => operation.tool !== undefined)
}

function inputOf({ input }: Pick<Operation, 'input'>, { rename = {}, omit = [], fields = {} }: OperationTool): z.ZodType {
  const { shape } = input as z.ZodObject
  const kept = Object.entries(shape).filter(([field]) => !omit.includes(field))
  return z.strictObject(Object.fromEntries(kept.map(([field, type]) => [rename[field] ?? field, fields[field] ?? type])))
}
