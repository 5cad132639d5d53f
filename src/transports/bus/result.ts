import type { Message } from '#buses'
import type { HubError } from '#errors'
import { newId } from '#lib/ids'
import type { Outcome } from '#tools'

/** Which command a result is for. */
interface Of {
  readonly tool: string
  readonly taskId: string | undefined
  readonly stepId: string | undefined
  readonly traceparent?: string | undefined
  readonly correlationId: string | undefined
  readonly workspaceId: string | undefined
}

/** The tool name in the result of a message that names none. */
export const unknownTool = 'unknown'
/** A routing key has 255 bytes at most. */
const maxNameLength = 100

/** An output that is too large for the bus is left out, because a result that can never be published would bring the command back for ever. */
export function completedResult(of: Of, { invocationId, output }: Outcome, maxBytes: number): Message {
  const id = invocationId || undefined
  const whole = resultOf(of, 'completed', { result: output ?? null, invocation_id: id })
  if (whole.body.length <= maxBytes) return whole
  const hint = `the result has ${whole.body.length} bytes, and the bus takes ${maxBytes}: read it at /api/v1/invocations/${id ?? ''}`
  return resultOf(of, 'completed', { result: null, hint, invocation_id: id })
}

export function failedResult(of: Of, error: Pick<HubError, 'message' | 'code' | 'details'> & { readonly retryable: boolean }): Message {
  const { invocationId, hint, approvalId, retryAfter } = error.details
  return resultOf(of, 'failed', {
    error: error.message,
    error_code: error.code,
    retryable: error.retryable,
    retry_after: retryAfter,
    hint,
    approval_id: approvalId,
    invocation_id: invocationId,
  })
}

/** `{task_id, step_id, tool_name, status, result or error, timestamp}`, and what else is known. What is undefined is left out. */
function resultOf(of: Of, status: 'completed' | 'failed', content: Record<string, unknown>): Message {
  const { tool, taskId, stepId, traceparent, correlationId, workspaceId } = of
  const name = tool.slice(0, maxNameLength).replaceAll(/[^A-Za-z0-9_-]/g, '_')
  const topic = `integrations.${name}_${status}`
  const timestamp = new Date().toISOString()
  const id = newId('msg')
  const body = { task_id: taskId ?? null, step_id: stepId ?? null, tool_name: tool, status, ...content, timestamp, traceparent }
  return {
    topic,
    key: taskId ?? correlationId,
    id,
    correlationId,
    result: true,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(body)),
    properties: {
      'cloudEvents:specversion': '1.0',
      'cloudEvents:id': id,
      'cloudEvents:source': '/tools',
      'cloudEvents:type': topic,
      'cloudEvents:time': timestamp,
      ...(workspaceId === undefined ? {} : { 'cloudEvents:hubworkspace': workspaceId }),
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  }
}
