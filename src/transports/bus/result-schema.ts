import { errorCatalogue } from '#errors'
import type { ToolDescription } from '#tools'
import { nameOf } from './command-schema.ts'

type Schema = Readonly<Record<string, unknown>>

const echoed = (what: string): Schema => ({ type: ['string', 'null'], description: `${what} of the command; null if it had none.` })

/** What every result has. */
export const resultSchema: Schema = {
  type: 'object',
  properties: {
    task_id: echoed('The task_id'),
    step_id: echoed('The step_id'),
    tool_name: { type: 'string', description: 'The tool as the command names it; `unknown` if the message could not be read.' },
    timestamp: { type: 'string', format: 'date-time' },
    invocation_id: { type: 'string', description: 'The call in the journal of the hub.' },
    traceparent: { type: 'string' },
  },
  required: ['task_id', 'step_id', 'tool_name', 'status', 'timestamp'],
}

export const failedSchema: Schema = {
  allOf: [
    { $ref: '#/components/schemas/result' },
    {
      type: 'object',
      properties: {
        status: { const: 'failed' },
        error: { type: 'string', description: 'What went wrong, in a sentence.' },
        error_code: { enum: Object.keys(errorCatalogue), description: '`/docs/errors` of the hub explains each code.' },
        retryable: { type: 'boolean', description: 'Whether the same command may succeed later.' },
        retry_after: { type: 'number', description: 'Seconds until another attempt makes sense.' },
        hint: { type: 'string', description: 'What to do about it.' },
        approval_id: { type: 'string', description: 'The approval that the call waits for, or that was refused.' },
      },
      required: ['error', 'error_code', 'retryable'],
    },
  ],
}

export function toolCompleted({ name, aliases, output_schema }: ToolDescription): Schema {
  return {
    allOf: [
      { $ref: '#/components/schemas/result' },
      {
        type: 'object',
        properties: { tool_name: nameOf({ name, aliases }), status: { const: 'completed' }, result: output_schema },
        required: ['result'],
      },
    ],
  }
}

const text: Schema = { type: 'string' }

/** The attributes that results and events have. */
const attributes: Readonly<Record<string, Schema>> = {
  'cloudEvents:specversion': { const: '1.0' },
  'cloudEvents:id': { ...text, description: 'Messages with the same id are the same one, delivered again.' },
  'cloudEvents:source': text,
  'cloudEvents:type': text,
  'cloudEvents:time': { ...text, format: 'date-time' },
}
const required = Object.keys(attributes)
const workspace: Schema = { 'cloudEvents:hubworkspace': { ...text, description: 'The workspace.' } }
const key: Schema = { 'hub-key': { ...text, description: 'RabbitMQ: the messages of a key are published in their order.' } }

export const resultHeaders: Schema = {
  type: 'object',
  properties: { ...attributes, ...workspace, ...key, traceparent: text },
  required,
}

export const eventHeaders: Schema = {
  type: 'object',
  properties: {
    ...attributes,
    ...workspace,
    ...key,
    'cloudEvents:subject': { ...text, description: 'The thing outside that the event is about.' },
    'cloudEvents:hubintegration': { ...text, description: 'The integration.' },
    'cloudEvents:huborigin': { enum: ['outside', 'hub', 'flow'], description: 'Who vouches for the event.' },
    'cloudEvents:hubflow': { ...text, description: 'The flow that emitted it.' },
    'cloudEvents:hubrun': { ...text, description: 'The run that emitted it.' },
    'hub-left-out': { ...text, description: 'Why the body is null: the data is too large for the broker. It says where to read it.' },
  },
  required: [...required, 'cloudEvents:hubworkspace', 'cloudEvents:huborigin'],
}
