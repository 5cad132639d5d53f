import { z } from 'zod'

const schema = z.looseObject({ type: z.literal('object') })
const named = { name: z.string(), description: z.string() }
const parameters = { parameters: schema, strict: z.boolean() }

/** A definition in one of the formats of `tools.list`. */
export const definitionSchema = z.union([
  z.strictObject({ type: z.literal('function'), ...named, ...parameters }),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ ...named, ...parameters }) }),
  z.strictObject({ ...named, input_schema: schema }),
  z.strictObject({ type: z.literal('function'), ...named, inputSchema: schema }),
  z.strictObject({
    ...named,
    title: z.string(),
    inputSchema: schema,
    outputSchema: schema.optional(),
    annotations: z.strictObject({
      title: z.string(),
      readOnlyHint: z.boolean(),
      destructiveHint: z.boolean(),
      idempotentHint: z.boolean(),
      openWorldHint: z.boolean(),
    }),
  }),
])
