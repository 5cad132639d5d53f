import { z } from 'zod'
import { defineConnector } from '#kit'
import type { Tool } from '#tools'
import type { Execute } from './execute.ts'
import type { Operation, OperationTool } from './operation.ts'

const hub = defineConnector({
  name: 'hub',
  title: 'IntegrationHub',
  description: 'The hub itself: what is connected, its health, its tool calls, flows and runs.',
  connect: 'Nothing has to be connected.',
  builtIn: true,
  config: z.object({}),
  auth: [],
}).withActions({})

/** The hub's own tools: the operations that are declared as one. They run through `execute`, with the scopes of whoever calls the tool. */
export function createHubTools(all: Readonly<Record<string, Operation>>, execute: () => Execute): Tool[] {
  return Object.values(all).flatMap((operation) => (operation.tool ? [toolOf(operation, operation.tool, execute)] : []))
}

function toolOf(operation: Operation, tool: OperationTool, execute: () => Execute): Tool {
  const { title, description, aliases = [], example, result, rename = {} } = tool
  const originalNames = new Map(Object.entries(rename).map(([field, name]) => [name, field]))
  return {
    name: `${hub.name}_${tool.name}`,
    aliases,
    connector: hub,
    scope: operation.scope,
    action: {
      title,
      description,
      aliases,
      example,
      effect: operation.effect,
      idempotent: operation.effect === 'read',
      input: inputOf(operation, tool),
      output: result?.schema ?? operation.output,
    },
    run: async ({ principal, input }) => {
      const fields = Object.entries(input as object).map(([name, value]) => [originalNames.get(name) ?? name, value] as const)
      const json = await execute()({ principal, transport: 'tool' }, operation, Object.fromEntries(fields))
      return result ? result.render(json as never) : json
    },
  }
}

function inputOf({ input }: Operation, { rename = {}, omit = [], fields = {} }: OperationTool): z.ZodType {
  const { shape } = input as z.ZodObject
  const kept = Object.entries(shape).filter(([field]) => !omit.includes(field))
  return z.strictObject(Object.fromEntries(kept.map(([field, type]) => [rename[field] ?? field, fields[field] ?? type])))
}
