import type { Received } from '#buses'
import { readable } from '#kit'
import { isRecord } from '#lib/is-record'
import { sha256 } from '#lib/canonical'

/** A command as its sender wrote it. */
export interface Command {
  readonly tool: string
  readonly parameters: unknown
  readonly taskId: string | undefined
  readonly stepId: string | undefined
  readonly key: string | undefined
  readonly integration: string | undefined
  readonly approval: string | undefined
  readonly session: string | undefined
  readonly traceparent: string | undefined
}

/** What of a message can be answered, and why it cannot be made. */
export type Parsed = Command | { readonly refusal: string; readonly taskId: string | undefined; readonly stepId: string | undefined }

const maxBytes = 10 * 1024 * 1024
const maxIdLength = 200
export const maxKeyLength = 255

/** Reads a command: `{tool_name, parameters, task_id, step_id}`, as agents send it. */
export function parseCommand({ body, properties }: Received): Parsed {
  const nothing = { taskId: undefined, stepId: undefined }
  if (body.length > maxBytes) return { ...nothing, refusal: `the message has ${body.length} bytes; a command has ${maxBytes} at most` }
  const content = readable({ headers: {}, body }).json()
  if (!isRecord(content)) return { ...nothing, refusal: 'the message is not a JSON object' }
  const text = (name: string): string | undefined => {
    const value = content[name]
    return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
  }
  const taskId = text('task_id')?.slice(0, maxIdLength)
  const stepId = text('step_id')?.slice(0, maxIdLength)
  const tool = text('tool_name')
  if (tool === undefined) return { taskId, stepId, refusal: '"tool_name" is missing: the name of the tool to call' }
  const key = text('idempotency_key') ?? properties['idempotency-key'] ?? properties['idempotency_key']
  if (key !== undefined && key.length > maxKeyLength)
    return { taskId, stepId, refusal: `the idempotency key is longer than ${maxKeyLength} characters` }
  return {
    tool,
    parameters: content['parameters'] ?? {},
    taskId,
    stepId,
    key,
    integration: text('integration'),
    approval: text('approval_id'),
    session: text('session'),
    traceparent: text('traceparent') ?? properties['traceparent'],
  }
}

/**
 * The key under which the call is stored, so that a command that is delivered again gets the stored outcome: the message's own, else that of task
 * and step, else the id of the message.
 */
export function keyOf({ key, taskId, stepId }: Command, { id }: Received): string | undefined {
  if (key !== undefined) return key
  if (taskId !== undefined && stepId !== undefined) return bounded(`task:${taskId}:${stepId}`)
  return id === undefined ? undefined : bounded(`message:${id}`)
}

const bounded = (key: string): string => (key.length <= maxKeyLength ? key : `${key.slice(0, 150)}:${sha256(key)}`)
