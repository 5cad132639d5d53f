import type { ToolDescription } from '#tools'
import { maxKeyLength } from './command.ts'

type Schema = Readonly<Record<string, unknown>>

/** A name or a number: numbers are read as text. */
const id = (description: string): Schema => ({ type: ['string', 'number'], description })

/** What `parseCommand` reads. Other fields are allowed and have no effect. */
export const commandSchema: Schema = {
  type: 'object',
  properties: {
    tool_name: { type: 'string', minLength: 1, description: 'The tool to call.' },
    parameters: { type: 'object', description: 'The input of the tool.', default: {} },
    task_id: id('The task of the sender. The result repeats it.'),
    step_id: id('The step of the task. The result repeats it.'),
    idempotency_key: {
      ...id('A command with the key of an earlier one gets the outcome of that one. Without it the key comes from task_id and step_id.'),
      maxLength: maxKeyLength,
    },
    integration: { type: 'string', description: 'The integration, where the workspace has several of the connector.' },
    approval_id: { type: 'string', description: 'The approval under which the call is made again.' },
    session: { type: 'string', description: 'The session of the agent that sends the command.' },
    traceparent: { type: 'string', description: 'The trace that the call belongs to (W3C Trace Context). The result repeats it.' },
  },
  required: ['tool_name'],
}

export const commandHeaders: Schema = {
  type: 'object',
  properties: {
    'idempotency-key': { type: 'string', maxLength: maxKeyLength, description: 'Counts where the body has no idempotency_key.' },
    traceparent: { type: 'string', description: 'Counts where the body has no traceparent.' },
  },
}

export function toolCommand({ name, aliases, input_schema }: ToolDescription): Schema {
  const required = (input_schema['required'] as readonly string[] | undefined) ?? []
  return {
    allOf: [
      { $ref: '#/components/schemas/command' },
      {
        type: 'object',
        properties: { tool_name: nameOf({ name, aliases }), parameters: input_schema },
        ...(required.length === 0 ? {} : { required: ['parameters'] }),
      },
    ],
  }
}

/** A result repeats the name that the command has, which may be an older name of the tool. */
export function nameOf({ name, aliases }: Pick<ToolDescription, 'name' | 'aliases'>): Schema {
  return aliases.length === 0 ? { const: name } : { enum: [name, ...aliases] }
}
